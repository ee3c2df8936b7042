"""DM Lab's levels from Python. In the place of DM Lab's library stands the one that this project builds,
which has the same C API: CHRYSALIS_DMLAB_LIBRARY is its path."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

import chrysalis
from conftest import SMALL_NETWORK

LIBRARY = os.environ.get("CHRYSALIS_DMLAB_LIBRARY", "")
needs_library = pytest.mark.skipif(not LIBRARY, reason="CHRYSALIS_DMLAB_LIBRARY is not set")
# Five agent steps an episode.
SHORT = {"episode_seconds": 1, "action_repeat": 12}


def settings(**more):
    return {**SHORT, "dmlab": {"library": LIBRARY, **more}}


def hosts():
    """The processes that this one keeps DM Lab in."""
    children = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    pids = [int(pid) for file in children for pid in file.read_text().split()]
    return [pid for pid in pids if "chrysalis-dmlab" in Path(f"/proc/{pid}/comm").read_text()]


def let_fall(keeper):
    """Kills the process that the library is in, and waits until it is gone."""
    (engine,) = Path(f"/proc/{keeper}/task/{keeper}/children").read_text().split()
    os.kill(int(engine), signal.SIGKILL)
    while Path(f"/proc/{engine}").exists() and " Z " not in Path(f"/proc/{engine}/stat").read_text():
        time.sleep(0.001)


@needs_library
def test_an_episode_is_played_in_a_process_that_goes_with_the_environment():
    env = chrysalis.make("dmlab:seek_apples", actions="raw", **settings())
    assert env.observation_space.shape == (72, 96, 3)
    seen, _ = env.reset(seed=3)
    assert len(hosts()) == 1 and seen.any()
    for step in range(5):
        seen, _, terminated, truncated, info = env.step([20, 0, 0, 1, 0, 0, 0])
        assert (terminated, truncated) == (False, step == 4)
        assert info["frames"] == 12 and "lost" not in info
    assert info["episode_agent_steps"] == 5 and info["episode_frames"] == 60
    env.close()
    assert not hosts()


@needs_library
@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_many_play_what_each_plays_alone(mode):
    envs = chrysalis.make_vec("dmlab:nav_maze_static_01", 3, autoreset_mode=mode, workers=1, **settings())
    alone = [chrysalis.make("dmlab:nav_maze_static_01", **settings()) for _ in range(3)]
    seen, _ = envs.reset(seed=5)
    for i, env in enumerate(alone):
        np.testing.assert_array_equal(seen[i], env.reset(seed=5 + i)[0])
    for _ in range(5):
        seen, _, _, truncated, infos = envs.step(np.arange(3))
        ends = seen if mode == AutoresetMode.NEXT_STEP else infos.get("final_obs", seen)
        for i, env in enumerate(alone):
            one, _, _, one_truncated, _ = env.step(i)
            np.testing.assert_array_equal(ends[i], one)
            assert truncated[i] == one_truncated
    assert truncated.all()
    if mode == AutoresetMode.NEXT_STEP:
        seen = envs.step(np.arange(3))[0]
    for i, env in enumerate(alone):
        np.testing.assert_array_equal(seen[i], env.reset()[0])
        env.close()
    envs.close()
    assert not hosts()


@needs_library
def test_an_episode_whose_process_falls_is_lost_and_the_next_one_played():
    env = chrysalis.make("dmlab:seek_apples", **settings())
    env.reset(seed=1)
    env.step(0)
    let_fall(hosts()[0])
    seen, reward, terminated, truncated, info = env.step(0)
    assert (reward, terminated, truncated) == (0, False, True)
    assert info["lost"] is True and info["frames"] == 0 and info["episode_agent_steps"] == 2
    assert not seen.any()
    with pytest.raises(RuntimeError, match="expected reset"):
        env.step(0)
    seen, _ = env.reset()
    assert seen.any()
    assert "lost" not in env.step(0)[4]


@needs_library
@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_of_many_one_is_lost(mode):
    envs = chrysalis.make_vec("dmlab:seek_apples", 2, autoreset_mode=mode, **settings())
    envs.reset(seed=1)
    let_fall(hosts()[0])
    _, _, terminated, truncated, infos = envs.step(np.zeros(2, int))
    assert truncated.sum() == 1 and not terminated.any()
    told = infos if mode == AutoresetMode.NEXT_STEP else infos["final_info"]
    np.testing.assert_array_equal(told["lost"], truncated)
    assert not envs.step(np.zeros(2, int))[3].any()


@needs_library
def test_what_falls_too_often_is_an_error_with_the_reason():
    envs = chrysalis.make_vec("dmlab:seek_apples", 2, **settings(faults_in_a_row=1))
    envs.reset(seed=1)
    let_fall(hosts()[0])
    with pytest.raises(OSError, match="DM Lab"):
        envs.step(np.zeros(2, int))
    env = chrysalis.make("dmlab:seek_apples", **settings(faults_in_a_row=1))
    env.reset(seed=1)
    for host in hosts():
        let_fall(host)
    with pytest.raises(OSError, match="DM Lab"):
        env.step(0)


@needs_library
def test_an_unknown_level_is_told_by_the_first_reset():
    for make in (chrysalis.make, lambda level, **more: chrysalis.make_vec(level, 2, **more)):
        env = make("dmlab:seek_appels", **settings())
        with pytest.raises(ValueError, match="seek_appels"):
            env.reset(seed=1)


@pytest.mark.parametrize(
    ("level", "dmlab", "error", "said"),
    [
        ("maze", {}, ValueError, "dmlab is for levels named dmlab:LEVEL, and this one is 'maze'"),
        ("dmlab:x", {}, ValueError, "dmlab.library is not set"),
        ("dmlab:x", "lab.so", TypeError, "dmlab is 'lab.so': expected a dict of the settings of that table"),
        ("dmlab:x", {"librry": "lab.so"}, TypeError, "of dmlab 'librry', did you mean 'library'?"),
        ("dmlab:x", {"start_seconds": 0}, ValueError, "dmlab.start_seconds"),
        ("dmlab:x", {"library": "/none/lab.so"}, ValueError, "/none/lab.so"),
    ],
)
def test_wrong_settings_are_one_line(level, dmlab, error, said):
    for make in (chrysalis.make, lambda level, **more: chrysalis.make_vec(level, 2, **more)):
        with pytest.raises(error) as raised:
            make(level, dmlab=dmlab).reset(seed=1)
        assert said in str(raised.value) and "\n" not in str(raised.value)


@needs_library
def test_an_agent_brings_its_environment_along(tmp_path):
    config = (
        "deterministic = false\n[level]\nname = 'dmlab:seek_apples'\nepisode_seconds = 1\n"
        f"[environment]\naction_repeat = 12\n[dmlab]\nlibrary = '{LIBRARY}'\n" + SMALL_NETWORK
    )
    chrysalis._native.write_saved_run(str(tmp_path / "run"), config, 1)
    agent = chrysalis.Agent.load(tmp_path / "run")
    assert agent.settings["dmlab"]["library"] == LIBRARY
    assert len(agent.evaluate(3, seed=1)) == 3
    env = agent.make()
    assert env.reset(seed=1)[0].any()
    env.close()
    envs = agent.make_vec(2)
    assert envs.reset(seed=1)[0].any()
    assert len(hosts()) == 2
