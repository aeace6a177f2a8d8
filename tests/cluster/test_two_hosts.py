"""The program on a Ray cluster of two hosts, network namespaces of this machine: a worker and the coordinator are
killed, a host is cut off; 20,000 photos and half a minute: `python -m benchmarks.two_hosts`."""

import os
import shutil
import sys

import pytest

from benchmarks import two_hosts

pytest.importorskip("ray", reason='ray, the extra "cluster", is not installed')


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("ip"), reason="needs root and ip")
def test_whatever_dies_or_is_cut_off_every_photo_is_there_once_as_by_one_process(tmp_path):
    assert two_hosts.trial(200, 3, tmp_path) == []
