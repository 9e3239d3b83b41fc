"""Objects that scenes put beside the CafeDeployment."""

from __future__ import annotations

from testbed.client import Object

_POLICIES = "admissionregistration.k8s.io/v1"
_FREEZE = "change-freeze.example.com"

FREEZE: list[Object] = [
    {
        "apiVersion": _POLICIES,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": _FREEZE},
        "spec": {
            "failurePolicy": "Fail",
            "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "resources": ["pods"],
                        "operations": ["UPDATE"],
                    }
                ]
            },
            "validations": [
                {"expression": "false", "message": "change freeze: pods must not be changed"}
            ],
        },
    },
    {
        "apiVersion": _POLICIES,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": _FREEZE},
        "spec": {
            "policyName": _FREEZE,
            "validationActions": ["Deny"],
            "paramRef": {
                "selector": {"matchLabels": {"example.com/freeze": "true"}},
                "parameterNotFoundAction": "Allow",
            },
        },
    },
]
"""Denies changes of pods in each namespace that has a ConfigMap labelled as a change freeze."""

MONITORING: Object = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "monitoring"},
    "spec": {"selector": {"instance": "shop"}, "ports": [{"port": 9100}]},
}
"""A second Service over the pods of `shop`, whose selector has no traffic label."""
