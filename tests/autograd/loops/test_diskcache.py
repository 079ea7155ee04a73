"""Native functions on disk: found again, refused if anything about them is wrong, and never needed."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("numba")

from autograd.loops import diskcache, machine, translate

SOURCE = """def loop(t, start, stop):
    for i in range(start, stop):
        store_f4(t, i, load_f4(t, i, 1, 1) + float32(1.0), 1, 1)
    return 0
"""
# Those that were given up: loops that are in use live in them.
ENGINES: list = []


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("WENGERT_CACHE", str(tmp_path / "loops"))
    fresh()
    yield tmp_path / "loops"
    fresh()


@pytest.fixture
def made(monkeypatch):
    """The names of what numba is asked for."""
    names, real = [], translate.translated

    def translated(source, name):
        names.append(name)
        return real(source, name)

    monkeypatch.setattr(translate, "translated", translated)
    return names


def fresh():
    """Forget what this process has loaded."""
    diskcache.load.cache_clear()
    ENGINES.append(machine._engine())
    machine._engine.cache_clear()


def works(source=SOURCE):
    x = np.zeros(4, np.float32)
    machine.unlocked(diskcache.load(source), 3)(x.ctypes.data, 1, 3)
    return x.tolist() == [0, 1, 1, 0]


def the_file(place):
    (file,) = place.glob("*" + diskcache.SUFFIX)
    return file


def test_a_function_is_found_again(made, place):
    assert works()
    assert len(made) == 1
    fresh()
    assert works()
    assert len(made) == 1
    assert [f.name for f in place.iterdir()] == [diskcache.name_of(SOURCE) + diskcache.SUFFIX]


def test_only_the_user_may_enter(place):
    assert works()
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert stat.S_IMODE(the_file(place).stat().st_mode) == 0o600


def test_a_directory_that_others_may_write_is_not_used(place):
    place.mkdir()
    place.chmod(0o777)
    assert diskcache.directory() is None
    assert works()
    assert not list(place.iterdir())


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_that_others_may_write_is_made_again(made, place, mode):
    assert works()
    the_file(place).chmod(mode)
    fresh()
    assert works()
    assert len(made) == 2
    assert stat.S_IMODE(the_file(place).stat().st_mode) == 0o600


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="files have no owners here")
def test_what_is_somebody_elses_is_not_loaded(made, place, monkeypatch):
    assert works()
    fresh()
    assert diskcache._read(place, diskcache.name_of(SOURCE)) is not None
    real = os.fstat
    monkeypatch.setattr(
        os, "fstat", lambda n: os.stat_result((*real(n)[:4], os.getuid() + 1, *real(n)[5:]))
    )
    assert diskcache._read(place, diskcache.name_of(SOURCE)) is None
    monkeypatch.undo()
    about = list(place.stat())
    about[4] += 1
    assert not diskcache._is_ours(os.stat_result(about))


def test_a_link_is_not_followed(made, place, tmp_path):
    assert works()
    file = the_file(place)
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    fresh()
    assert works()
    assert len(made) == 2
    assert not file.is_symlink()


DAMAGE = {
    "empty": lambda content: b"",
    "garbage": lambda content: b"\x00garbage\xff",
    "cut short": lambda content: content[:-1],
    "cut to its head": lambda content: content[:20],
    "one bit": lambda content: content[:-200] + bytes([content[-200] ^ 1]) + content[-199:],
    "its symbol": lambda content: content.replace(b"loop_", b"pool_", 1),
    "longer": lambda content: content + b"\0",
    "of another format": lambda content: content.replace(b"native 1", b"native 0", 1),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_corrupt_is_made_again(made, place, damage):
    assert works()
    whole = the_file(place).read_bytes()
    the_file(place).write_bytes(DAMAGE[damage](whole))
    assert the_file(place).read_bytes() != whole
    for _ in range(2):
        fresh()
        assert works()
    assert len(made) == 2


def test_a_file_under_another_name_is_made_again(made, place):
    assert works()
    other = SOURCE.replace("float32(1.0)", "float32(2.0)")
    the_file(place).rename(place / (diskcache.name_of(other) + diskcache.SUFFIX))
    fresh()
    assert not works(other)
    assert len(made) == 2


def test_another_version_is_another_function(monkeypatch, made):
    assert works()
    before = diskcache.name_of(SOURCE)
    monkeypatch.setattr(machine, "version", lambda: "another")
    assert diskcache.name_of(SOURCE) != before
    fresh()
    assert works()
    assert len(made) == 2


def test_a_version_has_all_that_sources_are_made_with():
    """What imports numba, or LLVM's builder, writes machine code."""
    folder = Path(machine.__file__).parent
    texts = [file.read_text() for file in sorted(folder.glob("*.py"))]
    written = [text for text in texts if re.search(r"^(import|from) (numba|llvmlite)", text, re.MULTILINE)]
    assert len(written) >= 4
    assert all(text in machine.version() for text in written)


@pytest.mark.parametrize("part", ["llvmlite", "cpu", "features", "switch"])
def test_a_version_names_all_that_code_depends_on(monkeypatch, part):
    import llvmlite
    import llvmlite.binding as llvm

    before = machine.version.__wrapped__()
    if part == "llvmlite":
        monkeypatch.setattr(llvmlite, "__version__", "0")
    elif part == "cpu":
        monkeypatch.setattr(llvm, "get_host_cpu_name", lambda: "i486")
    elif part == "features":
        monkeypatch.setattr(llvm, "get_host_cpu_features", lambda: llvm.FeatureMap())
    else:
        monkeypatch.setenv("NUMBA_OPT", "1")
    assert machine.version.__wrapped__() != before


def test_code_that_needs_what_is_not_there_is_made_again(made, place):
    name = diskcache.name_of(SOURCE)
    code = translate.translated(SOURCE, name)
    place.mkdir(mode=0o700)
    for needs in (("numba_gil_ensure",), ("system",)):
        (place / (name + diskcache.SUFFIX)).write_bytes(diskcache.packed(name, code._replace(needs=needs)))
        fresh()
        before = len(made)
        assert works()
        assert len(made) == before + 1


def test_the_longest_unused_go_first(place, monkeypatch):
    sources = [SOURCE.replace("1.0", f"{i}.5") for i in range(4)]
    for source in sources[:3]:
        diskcache.load(source)
    files = [place / (diskcache.name_of(s) + diskcache.SUFFIX) for s in sources]
    for i, file in enumerate(files[:3]):
        os.utime(file, (i, i))
    fresh()
    diskcache.load(sources[0])  # used again
    monkeypatch.setenv("WENGERT_CACHE_BYTES", str(3 * files[0].stat().st_size + 100))
    diskcache.load(sources[3])
    assert [f.exists() for f in files] == [True, False, True, True]


def test_nothing_else_is_removed(place, monkeypatch):
    place.mkdir(mode=0o700)
    (place / "notes").write_text("mine")
    monkeypatch.setenv("WENGERT_CACHE_BYTES", "0")
    assert works()
    assert [f.name for f in place.iterdir()] == ["notes"]
    monkeypatch.setenv("WENGERT_CACHE_BYTES", "much")
    assert diskcache.limit() == diskcache.LIMIT


def test_without_a_disk_functions_are_compiled(monkeypatch, tmp_path):
    for named in ("", str(tmp_path / "file" / "below")):
        (tmp_path / "file").touch()
        monkeypatch.setenv("WENGERT_CACHE", named)
        fresh()
        assert diskcache.directory() is None
        assert works()


def test_a_directory_that_cannot_be_written_is_not_used(place, monkeypatch):
    place.mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)  # as for a user who is not root
    assert diskcache.directory() is None
    assert works()
    assert not list(place.iterdir())


def test_a_full_disk_is_none(place, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(diskcache, "packed", full)
    assert works()
    assert not list(place.iterdir())


# ------------------------------------------------------------------ processes

STEP = """
import sys
import numpy as np
import autograd, nn, optim
import nn.functional as F

nn.manual_seed(0)
rng = np.random.default_rng(0)
x, y = rng.normal(size=(8, 4)).astype(np.float32), rng.integers(0, 3, 8)
model = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3))
optimizer = optim.Adam(model.parameters())

@autograd.compile(state=(model, optimizer), strict=True)
def step(x, y):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss

losses = [step(x, y).item() for _ in range(5)]
native = sum(s.kind == "native" for s in step._programs.last.plan.steps)
print("numba" in sys.modules, native, losses)
"""


def test_a_second_process_does_without_numba(place):
    env = {**os.environ, "WENGERT_CACHE": str(place), "WENGERT_NATIVE": "strict"}
    env["PYTHONPATH"] = str(Path(__file__).parents[3])

    def ran():
        command = [sys.executable, "-c", STEP]
        out = subprocess.run(command, env=env, check=True, capture_output=True, text=True, cwd="/")
        return out.stdout.split(maxsplit=2)

    first, second = ran(), ran()
    assert first[0] == "True"
    assert second[0] == "False"
    assert first[1:] == second[1:]
    assert int(first[1]) > 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_child_does_not_wait_for_what_another_thread_compiled(monkeypatch):
    begun, end = threading.Event(), threading.Event()

    def slow(source):
        begun.set()
        end.wait(0.3)
        return 0

    monkeypatch.setattr(diskcache, "_loaded", slow)
    thread = threading.Thread(target=diskcache.load, args=("a source",))
    thread.start()
    assert begun.wait(10)
    child = os.fork()
    if not child:
        os._exit(0 if diskcache._lock.acquire(timeout=2) else 1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    thread.join()
    assert code == 0
