"""One environment, as Gymnasium wants it."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import chrysalis

LEVELS = list(chrysalis.levels())


@pytest.mark.parametrize("actions", ["small", "big", "raw"])
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.filterwarnings("error")
def test_gymnasiums_checker_passes(level, actions):
    env = gymnasium.make(
        f"chrysalis/{level}-v0", actions=actions, render_mode="rgb_array", disable_env_checker=True
    )
    check_env(env.unwrapped)


def test_every_level_is_registered():
    ids = [id for id in gymnasium.registry if id.startswith("chrysalis/")]
    assert ids == [f"chrysalis/{level}-v0" for level in LEVELS] + ["chrysalis/level-v0"]
    for id in ids[:-1]:
        env = gymnasium.make(id)
        assert env.observation_space == gymnasium.spaces.Box(0, 255, (72, 96, 3), np.uint8)
        assert env.action_space == gymnasium.spaces.Discrete(9)
        assert env.spec.id == id


def test_action_spaces_have_the_true_ranges():
    assert chrysalis.make("seek_apples", actions="big").action_space.n == 756
    raw = chrysalis.make("seek_apples", actions="raw").action_space
    assert raw.start.tolist() == [-512, -512, -1, -1, 0, 0, 0]
    assert (raw.start + raw.nvec - 1).tolist() == [512, 512, 1, 1, 1, 1, 1]


def test_settings_are_those_of_a_config():
    env = chrysalis.make(
        "explore_object_locations_small",
        width=48,
        height=np.int64(36),
        action_repeat=2,
        reward_density=np.float32(1),
        has_doors=np.True_,
        episode_seconds=1,
        render_mode="rgb_array",
    )
    observation, info = env.reset(seed=1)
    assert observation.shape == (36, 48, 3) and observation.dtype == np.uint8 and info == {}
    assert env.metadata["render_fps"] == 30
    assert (env.render() == observation).all()
    for step in range(30):
        observation, reward, terminated, truncated, info = env.step(0)
        assert info["frames"] == 2 and not terminated
        assert truncated == (step == 29)
    assert info["episode_frames"] == 60 and info["episode_agent_steps"] == 30


def test_other_settings_change_the_world():
    pictures = [
        chrysalis.make("explore_object_locations_small", **settings).reset(seed=1)[0].tobytes()
        for settings in ({}, {"max_variations": 5}, {"maze_width": 13}, {"use_skybox": False})
    ]
    assert len(set(pictures)) == 4


def test_text_maps_are_levels(tmp_path):
    file = tmp_path / "room.map"
    file.write_text("chrysalis map 1\nname = room\ngrid\n#####\n#S.A#\n#####\n")
    for env in (
        chrysalis.make(f"map:{file}"),
        gymnasium.make("chrysalis/level-v0", level=f"map:{file}"),
        chrysalis.make_vec(f"map:{file}", 2),
    ):
        env.reset(seed=1)


@pytest.mark.parametrize(
    "error, text, level, arguments",
    [
        (ValueError, "unknown level 'seek_aples', did you mean 'seek_apples'?", "seek_aples", {}),
        (
            TypeError,
            "unknown setting 'maze_widht', did you mean 'maze_width'?",
            "seek_apples",
            {"maze_widht": 9},
        ),
        (TypeError, "unknown setting 'zzzzzzzzzzzz'", "seek_apples", {"zzzzzzzzzzzz": 1}),
        (
            ValueError,
            "environment.action_repeat is 0: expected a whole number, 1 to 60 (frames)",
            "seek_apples",
            {"action_repeat": 0},
        ),
        (
            ValueError,
            "environment.action_repeat is 1.5: expected a whole number",
            "seek_apples",
            {"action_repeat": 1.5},
        ),
        (
            ValueError,
            "level.has_doors is 1: expected true or false",
            "explore_object_locations_small",
            {"has_doors": 1},
        ),
        (
            ValueError,
            "width is 1000000000000000000000: expected a smaller number",
            "seek_apples",
            {"width": 10**21},
        ),
        (
            TypeError,
            "width is None: expected a number, True or False, or text",
            "seek_apples",
            {"width": None},
        ),
        (
            TypeError,
            ": expected a number, True or False, or text",
            "seek_apples",
            {"width": np.longdouble(96)},
        ),
        (
            TypeError,
            "width is [96]: expected a number, True or False, or text",
            "seek_apples",
            {"width": [96]},
        ),
        (
            ValueError,
            "level.skill is 2, but level 'seek_apples' does not use it",
            "seek_apples",
            {"skill": 2},
        ),
        (
            ValueError,
            "unknown actions 'smal': expected one of small, big, raw, did you mean 'small'?",
            "seek_apples",
            {"actions": "smal"},
        ),
        (ValueError, "/nowhere.map", "map:/nowhere.map", {}),
        (ValueError, "render_mode is 'human': expected None", "seek_apples", {"render_mode": "human"}),
    ],
)
def test_errors_are_one_line_and_say_what_was_expected(error, text, level, arguments):
    for make in (chrysalis.make, lambda *a, **k: chrysalis.make_vec(*a, num_envs=2, **k)):
        with pytest.raises(error) as raised:
            make(level, **arguments)
        assert text in str(raised.value) and "\n" not in str(raised.value)


def test_sizes_that_cannot_be_drawn_are_refused():
    with pytest.raises(ValueError, match="multiple of 4"):
        chrysalis.make("seek_apples", width=50)


@pytest.mark.parametrize(
    "actions, action",
    [
        ("small", 9),
        ("small", -1),
        ("small", 0.5),
        ("small", [1, 2]),
        ("big", 756),
        ("raw", 3),
        ("raw", [513, 0, 0, 0, 0, 0, 0]),
        ("raw", [0, 0, 0, 0, 2**40, 0, 0]),
    ],
)
def test_actions_out_of_range_are_refused(actions, action):
    env = chrysalis.make("seek_apples", actions=actions)
    env.reset(seed=1)
    with pytest.raises(ValueError, match="expected|action"):
        env.step(action)
    envs = chrysalis.make_vec("seek_apples", 1, actions=actions)
    envs.reset(seed=1)
    with pytest.raises(ValueError, match="expected|action"):
        envs.step(np.array([action]))


def test_step_needs_a_running_episode():
    env = chrysalis.make("seek_apples", episode_seconds=1, action_repeat=60, render_mode="rgb_array")
    with pytest.raises(RuntimeError, match="render\\(\\) before reset"):
        env.render()
    with pytest.raises(RuntimeError, match="without a running episode"):
        env.step(0)
    env.reset(seed=1)
    assert env.step(0)[3]
    with pytest.raises(RuntimeError, match="without a running episode"):
        env.step(0)
    env.close()
    with pytest.raises(RuntimeError, match="closed"):
        env.reset()


def episode(env, steps=10, **arguments):
    pictures = [env.reset(**arguments)[0]]
    pictures += [env.step(t % 9)[0] for t in range(steps)]
    return np.stack(pictures)


@pytest.mark.parametrize("level", ["explore_object_locations_small", "lt_horseshoe_color"])
def test_a_seed_determines_everything_after(level):
    one, other = chrysalis.make(level), chrysalis.make(level)
    episode(other)  # Whatever was played before.
    first = episode(one, seed=3)
    assert (first == episode(other, seed=3)).all()
    second = episode(one)
    assert (second == episode(other)).all()
    assert (second != first).any()
    assert (episode(one, seed=3) == first).all()
    assert (episode(one, seed=4) != first).any()


def test_without_a_seed_episodes_are_new():
    level = "explore_object_locations_small"
    assert (episode(chrysalis.make(level)) != episode(chrysalis.make(level))).any()


def test_what_was_returned_does_not_change():
    env = chrysalis.make("seek_apples")
    first, _ = env.reset(seed=1)
    kept = first.copy()
    for _ in range(5):
        env.step(5)
    assert (first == kept).all()
