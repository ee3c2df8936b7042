"""What the tests share: small runs that were never trained, written by the program's own code."""

from pathlib import Path

import pytest

from chrysalis import _native

SMALL_NETWORK = "[agent]\nconv1_filters = 4\nconv2_filters = 4\nhidden = 16\ncore_width = 16\n"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Three members of 9 actions with an LSTM; the later a member, the better its returns."""
    path = tmp_path / "run"
    _native.write_saved_run(str(path), SMALL_NETWORK, 3)
    return path


@pytest.fixture
def curriculum_run(tmp_path: Path) -> Path:
    """One member whose 9 actions grow into 756, in the middle of it, in a level with settings of its own."""
    path = tmp_path / "curriculum"
    config = (
        "seed = 7\n[level]\nname = 'explore_object_locations_small'\nmaze_width = 9\n"
        + SMALL_NETWORK.replace("[agent]", "[environment]\naction_repeat = 2\n[agent]\nactions = 'big'")
        + "[curriculum]\nname = 'action_space'\nalpha = 0.4\n"
    )
    _native.write_saved_run(str(path), config, 1)
    return path
