"""An API server and a node in memory, whose every step the test takes itself.

`MemCluster` stands where `kubectl_cafe.client.transport.Transport` does: the same methods,
the same errors. tests/contract runs one suite against it and against a real API server, so
what it says about resourceVersions, uids, generations, merges and watches is what that one
says. Nothing in it moves by itself: the kubelet (`kubelet.py`) and the controllers
(`controllers.py`, `disruptions.py`) take one step a call.
"""

from tests.memcluster.cluster import MemCluster
from tests.memcluster.requests import Fault, Killed, Written

__all__ = ["Fault", "Killed", "MemCluster", "Written"]
