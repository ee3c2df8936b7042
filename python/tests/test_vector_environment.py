"""Many environments at once, as Gymnasium wants them."""

import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv
from gymnasium.wrappers.vector import RecordEpisodeStatistics

import chrysalis

MODES = [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP]
# Three agent steps an episode.
SHORT = {"episode_seconds": 1, "action_repeat": 20}


def assert_same(one, other):
    """Values of infos, which are arrays, numbers or dicts of them."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_same(one[key], other[key])
    elif isinstance(one, np.ndarray) and one.dtype == object:
        assert [type(x) for x in one] == [type(x) for x in other]
        for x, y in zip(one, other, strict=True):
            assert x is None or (x == y).all()
    else:
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("actions", ["small", "raw"])
@pytest.mark.parametrize("mode", MODES)
def test_is_gymnasiums_own_vector_environment_only_faster(mode, actions):
    settings = {"actions": actions, **SHORT}
    level = "explore_object_locations_small"
    ours = chrysalis.make_vec(level, 5, autoreset_mode=mode, workers=3, **settings)
    theirs = SyncVectorEnv([lambda: chrysalis.make(level, **settings)] * 5, autoreset_mode=mode)
    assert isinstance(ours, VectorEnv)
    assert ours.metadata["autoreset_mode"] == theirs.metadata["autoreset_mode"] == mode
    for space in ("observation_space", "action_space", "single_observation_space", "single_action_space"):
        assert getattr(ours, space) == getattr(theirs, space)
    ours.action_space.seed(1)
    for seed in (11, None):
        for one, other in zip(ours.reset(seed=seed), theirs.reset(seed=seed), strict=True):
            assert_same(one, other)
        for _ in range(9):
            actions = ours.action_space.sample()
            for one, other in zip(ours.step(actions), theirs.step(actions), strict=True):
                assert_same(one, other)


def test_seeds_may_be_given_one_by_one():
    envs = chrysalis.make_vec("explore_object_locations_small", 3)
    alone = chrysalis.make("explore_object_locations_small")
    seen, _ = envs.reset(seed=[5, 9, None])
    assert (seen[0] == alone.reset(seed=5)[0]).all() and (seen[1] == alone.reset(seed=9)[0]).all()
    seen, _ = envs.reset(seed=[None, 5, None])
    assert (seen[1] == alone.reset(seed=5)[0]).all()
    alone.reset(seed=5)
    assert (seen[0] == alone.reset()[0]).all()
    for seed, text in (([1, 2], "2 seeds: expected one for each of 3"), ([1, 2, -1], "a seed is -1")):
        with pytest.raises(ValueError, match=text):
            envs.reset(seed=seed)


def test_part_of_a_reset_is_refused():
    envs = chrysalis.make_vec("seek_apples", 2)
    with pytest.raises(ValueError, match="reset_mask: expected none"):
        envs.reset(seed=1, options={"reset_mask": np.array([True, False])})
    assert len(envs.reset(seed=1, options={"other": 1})) == 2


def test_the_first_reset_without_a_seed_draws_one():
    one, other = (chrysalis.make_vec("explore_object_locations_small", 2) for _ in range(2))
    assert (one.reset()[0] != other.reset()[0]).any()


def test_workers_do_not_change_what_is_played():
    seen = []
    for workers in (1, 2, 5):
        envs = chrysalis.make_vec("lt_chasm", 5, workers=workers)
        assert envs.workers == workers
        envs.reset(seed=2)
        for t in range(20):
            last = envs.step(np.arange(5) + t % 4)
        seen.append(last[0].tobytes())
    assert len(set(seen)) == 1


def test_arrays_are_yours_for_as_long_as_you_hold_them():
    envs = chrysalis.make_vec("seek_apples", 4, **SHORT)
    held = [envs.reset(seed=1)[0]]
    copies = [held[0].copy()]
    for _ in range(12):
        result = envs.step(np.full(4, 5))
        held += result[:4]
        copies += [array.copy() for array in result[:4]]
    part = envs.step(np.full(4, 5))[0][2, 10:20]
    copy = part.copy()
    for _ in range(12):
        envs.step(np.full(4, 5))
    envs.close()
    del envs
    gc.collect()
    for array, expected in zip([*held, part], [*copies, copy], strict=True):
        np.testing.assert_array_equal(array, expected)


def test_memory_is_used_again_without_a_copy():
    envs = chrysalis.make_vec("seek_apples", 4)
    observation, _ = envs.reset(seed=1)
    assert not observation.flags.owndata
    addresses = set()
    for _ in range(20):
        observation = envs.step(np.zeros(4, np.int64))[0]
        addresses.add(observation.ctypes.data)
    assert len(addresses) == 2


def test_lets_go_of_pythons_lock():
    envs = chrysalis.make_vec("seek_apples", 64, workers=1)
    envs.reset(seed=1)
    actions = np.zeros(64, np.int64)
    ticks, done = [], threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(None)
            time.sleep(0)

    # Python then takes the lock from no thread: the other one runs when this one lets go, and only then.
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    thread = threading.Thread(target=tick)
    thread.start()
    try:
        for _ in range(1000):
            before = len(ticks)
            envs.step(actions)
            if len(ticks) > before:
                return
        pytest.fail("no other thread ran during any step")
    finally:
        done.set()
        thread.join()
        sys.setswitchinterval(interval)


def test_refuses_a_second_thread():
    envs = chrysalis.make_vec("lt_chasm", 32, workers=1)
    envs.reset(seed=1)
    errors = []

    def step():
        for _ in range(50):
            try:
                envs.step(np.zeros(32, np.int64))
            except RuntimeError as error:
                errors.append(str(error))

    threads = [threading.Thread(target=step) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors and all("another thread" in error for error in errors)
    envs.step(np.zeros(32, np.int64))


def thread_count():
    return len(os.listdir("/proc/self/task"))


def test_threads_end_with_the_object():
    gc.collect()
    before = thread_count()
    envs = chrysalis.make_vec("seek_apples", 8, workers=4)
    assert thread_count() == before + 3
    envs.close()
    assert thread_count() == before
    with pytest.raises(RuntimeError, match="closed"):
        envs.step(np.zeros(8, np.int64))
    envs = chrysalis.make_vec("seek_apples", 8, workers=4)
    del envs
    gc.collect()
    assert thread_count() == before


def test_goes_on_in_a_forked_child():
    envs = chrysalis.make_vec("seek_apples", 6, workers=3)
    envs.reset(seed=1)
    actions = np.arange(6)
    envs.step(actions)
    queue = multiprocessing.get_context("fork").SimpleQueue()
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        queue.put(envs.step(actions)[0].tobytes())
        envs.close()
        os._exit(0)
    seen = queue.get()
    assert os.waitpid(child, 0)[1] == 0
    assert seen == envs.step(actions)[0].tobytes()


def test_control_c_ends_a_loop_of_steps():
    program = (
        "import signal, numpy as np, chrysalis\n"
        # A shell's background jobs ignore it from the start.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "envs = chrysalis.make_vec('seek_apples', 64, workers=4)\n"
        "envs.reset(seed=1)\n"
        "print('ready', flush=True)\n"
        "while True: envs.step(np.zeros(64, np.int64))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        child.stdout.readline()
        time.sleep(0.2)
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=30)
    assert child.returncode == -signal.SIGINT and b"KeyboardInterrupt" in errors


@pytest.mark.parametrize("mode", MODES)
def test_gymnasiums_statistics_agree_with_ours(mode):
    envs = RecordEpisodeStatistics(chrysalis.make_vec("seek_apples", 3, autoreset_mode=mode, **SHORT))
    envs.reset(seed=1)
    ends = 0
    for _ in range(12):
        infos = envs.step(np.array([0, 6, 7]))[4]
        if "episode" not in infos:
            continue
        ends += infos["_episode"].sum()
        ours = infos["final_info"] if mode == AutoresetMode.SAME_STEP else infos
        np.testing.assert_array_equal(infos["episode"]["r"], ours["episode_return"])
        np.testing.assert_array_equal(infos["episode"]["l"], ours["episode_agent_steps"])
        assert ours["episode_frames"].tolist() == [60, 60, 60]
    assert ends == (12 if mode == AutoresetMode.SAME_STEP else 9)


def test_gymnasium_makes_it_by_name():
    envs = gymnasium.make_vec("chrysalis/seek_apples-v0", num_envs=3, vectorization_mode="vector_entry_point")
    assert isinstance(envs.unwrapped, chrysalis.VectorEnvironment)
    assert envs.reset(seed=1)[0].shape == (3, 72, 96, 3)
    assert envs.spec.id == "chrysalis/seek_apples-v0"


@pytest.mark.parametrize(
    "text, arguments",
    [
        ("num_envs is 0: expected 1 or more", {"num_envs": 0}),
        ("workers is -1: expected 0 or more", {"num_envs": 1, "workers": -1}),
        ("expected NEXT_STEP or SAME_STEP", {"num_envs": 1, "autoreset_mode": AutoresetMode.DISABLED}),
        ("'Sometimes' is not a valid AutoresetMode", {"num_envs": 1, "autoreset_mode": "Sometimes"}),
        ("render_mode is 'rgb_array': expected None", {"num_envs": 1, "render_mode": "rgb_array"}),
    ],
)
def test_errors_say_what_was_expected(text, arguments):
    with pytest.raises(ValueError, match=text):
        chrysalis.make_vec("seek_apples", **arguments)


def test_steps_of_another_shape_step_nothing():
    envs = chrysalis.make_vec("seek_apples", 3)
    with pytest.raises(RuntimeError, match="step\\(\\) before reset\\(\\)"):
        envs.step(np.zeros(3, np.int64))
    envs.reset(seed=1)
    for actions in (np.zeros(2, np.int64), np.zeros((3, 1), np.int64), np.zeros(3), [0, 1, 9], [0, 1, -1]):
        with pytest.raises(ValueError, match="expected"):
            envs.step(actions)
    alone = chrysalis.make("seek_apples")
    alone.reset(seed=3)
    assert (envs.step([1, 1, 1])[0][2] == alone.step(1)[0]).all()
