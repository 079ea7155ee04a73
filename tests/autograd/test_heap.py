"""Freed memory is kept: a loop that makes and frees arrays stops faulting pages in."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

CODE = """
import resource
import autograd

import numpy as np

def step():
    arrays = [np.ones(1 << 18, np.float32) for _ in range(16)]

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        step()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
print(faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a matter of glibc's malloc")
def test_a_warm_loop_faults_no_pages_in():
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, timeout=60, check=True
    )
    assert int(done.stdout) < 100  # 16 MiB at each of ten steps are 4096 pages each otherwise
