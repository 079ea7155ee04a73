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


STEPS = """
import resource
import numpy as np
import nn, optim

model = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 10))
optimizer, loss = optim.Adam(model.parameters(), fused=False), nn.CrossEntropyLoss()
x, y = np.ones((64, 784), np.float32), np.zeros(64, int)

def places():
    optimizer.zero_grad()
    loss(model(x), y).backward()
    optimizer.step()
    return tuple(p.grad._data.__array_interface__["data"][0] for p in model.parameters())

for _ in range(10):
    places()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
found = {places() for _ in range(20)}
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before, len(found))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a matter of glibc's malloc")
def test_a_training_loop_finds_its_gradients_where_they_were():
    done = subprocess.run(
        [sys.executable, "-c", STEPS], capture_output=True, text=True, timeout=60, check=True
    )
    faults, sets_of_places = map(int, done.stdout.split())
    assert faults < 100  # a gradient of 1.6 MB at each of twenty steps is 8,000 pages otherwise
    assert sets_of_places <= 2
