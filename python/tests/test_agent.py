"""A run's agent in Python decides as the program has it decide."""

from pathlib import Path

import numpy as np
import pytest

import chrysalis
from chrysalis import _native


def played(agent, episodes, seed):
    """Raw actions and returns of whole episodes, one environment, step by step through Python."""
    env = agent.make()
    state = agent.start(seed=seed)
    actions, returns = [], []
    for episode in range(episodes):
        observation, _ = env.reset(seed=seed if episode == 0 else None)
        reward, start, ended = 0.0, True, False
        while not ended:
            action, state = agent.act(observation, state, reward, start)
            observation, reward, terminated, truncated, info = env.step(action)
            start, ended = False, terminated or truncated
            actions.append(action)
        returns.append(info["episode_return"])
    return actions, returns


@pytest.mark.parametrize("which", ["run", "curriculum_run"])
def test_acts_as_the_program_evaluates(which, request):
    agent = chrysalis.Agent.load(request.getfixturevalue(which))
    raw = chrysalis.make(agent.level, actions="raw", **agent.settings)
    env, state = agent.make(), agent.start(seed=5)
    for episode in range(2):
        expected = _native.Agent.evaluated_actions(agent._native, 5, episode, 60)
        assert len(expected) == 60 and len({tuple(action) for action in expected}) > 3
        # Their raw actions and ours by index lead through the same pictures, to the bit.
        theirs, _ = raw.reset(seed=5 if episode == 0 else None)
        ours, _ = env.reset(seed=5 if episode == 0 else None)
        reward, start = 0.0, True
        for action in expected:
            assert (theirs == ours).all()
            chosen, state = agent.act(ours, state, reward, start)
            theirs, their_reward, *_ = raw.step(action)
            ours, reward, *_ = env.step(chosen)
            assert reward == their_reward
            start = False


def test_returns_are_those_of_the_programs_evaluation(run):
    agent = chrysalis.Agent.load(run, workers=2)
    actions, returns = played(agent, 2, seed=9)
    assert len(set(actions)) == 9
    np.testing.assert_array_equal(returns, agent.evaluate(2, seed=9))
    np.testing.assert_array_equal(returns, chrysalis.Agent.load(run, workers=1).evaluate(3, seed=9)[:2])


@pytest.mark.parametrize("workers", [1, 3])
def test_a_batch_decides_as_each_alone(run, workers):
    agent = chrysalis.Agent.load(run, workers=workers)
    envs = agent.make_vec(5, episode_seconds=1, action_repeat=10)
    observations, _ = envs.reset(seed=3)
    state = agent.start(5, seed=3)
    alone = [agent.start(1, seed=3 + i) for i in range(5)]
    rewards, starts, ended = np.zeros(5), np.ones(5, bool), np.zeros(5, bool)
    for _ in range(16):
        actions, state = agent.act(observations, state, rewards, starts)
        assert actions.shape == (5,) and actions.dtype == np.int64
        for i in range(5):
            action, alone[i] = agent.act(observations[i], alone[i], rewards[i], starts[i])
            assert action == actions[i]
            assert (alone[i].core == state.core[i]).all()
            assert (alone[i].log_policy == state.log_policy[i]).all()
            assert alone[i].value[0] == state.value[i]
        observations, rewards, terminated, truncated, _ = envs.step(actions)
        # The step after an end begins the next episode: what is then seen is its first observation.
        starts, ended = ended, terminated | truncated
    assert np.allclose(np.exp(state.log_policy).sum(1), 1, atol=1e-5)


def test_a_state_is_not_changed(run):
    agent = chrysalis.Agent.load(run)
    observation, _ = agent.make().reset(seed=1)
    state = agent.start()
    first, after = agent.act(observation, state)
    second, again = agent.act(observation, state)
    assert first == second and (after.core == again.core).all()
    assert (state.core == 0).all() and (after.core != 0).any()
    assert state.log_policy is None and after.log_policy.shape == (1, 9)


def test_sees_reward_and_start(run):
    agent = chrysalis.Agent.load(run)
    observation, _ = agent.make().reset(seed=1)
    _, state = agent.act(observation, agent.start())
    policies = [
        agent.act(observation, state, *rest)[1].log_policy.tobytes() for rest in ((0.0,), (1.0,), (0.0, True))
    ]
    assert len(set(policies)) == 3


def test_loads_the_checkpoint_where_it_is_called(run, monkeypatch):
    first = chrysalis.Agent.load(run, member=0)
    monkeypatch.chdir(run / "checkpoints" / first.checkpoint)
    assert chrysalis.Agent.load(".").checkpoint == first.checkpoint


def test_refuses_the_state_of_an_agent_with_other_actions(run):
    agent = chrysalis.Agent.load(run)
    observation, _ = agent.make().reset(seed=1)
    _, state = agent.act(observation, agent.start())
    for last_action in (9, 755, -2):
        state.last_action[:] = last_action
        with pytest.raises(ValueError, match=f"last_action is {last_action} in a state: expected -1 to 8"):
            agent.act(observation, state, 0.0)


def test_loads_whom_it_is_told(run, curriculum_run):
    best = chrysalis.Agent.load(run)
    assert (best.member, best.update, best.agent_steps, best.alpha) == (2, 1, 3200, 1.0)
    first = chrysalis.Agent.load(str(run), member=0)
    assert first.member == 0 and first.checkpoint != best.checkpoint
    assert chrysalis.Agent.load(run, checkpoint=first.checkpoint[:6]).member == 0
    assert chrysalis.Agent.load(run / "checkpoints" / first.checkpoint).member == 0
    assert "member=0" in repr(first) and "seek_apples" in repr(first)

    agent = chrysalis.Agent.load(curriculum_run)
    assert agent.alpha == 0.4 and agent.actions == "big" and agent.action_count == 756
    assert agent.settings["maze_width"] == 9 and agent.settings["action_repeat"] == 2
    assert agent.make_vec(3).single_action_space.n == 756
    simple = chrysalis.Agent.load(curriculum_run, alpha=0.0)
    _, state = simple.act(agent.make().reset(seed=1)[0], simple.start())
    assert np.isfinite(state.log_policy).sum() == 9
    assert chrysalis.Agent.load(run, level="nav_maze_static_01").make().reset(seed=1)


def test_numbers_that_are_not_finite_are_told(run):
    agent = chrysalis.Agent.load(run)
    observation, _ = agent.make().reset(seed=1)
    _, state = agent.act(observation, agent.start())
    state.core[:] = np.nan
    with pytest.raises(FloatingPointError, match="not finite"):
        agent.act(observation, state, 0.0)


@pytest.mark.parametrize(
    "text, arguments",
    [
        ("has no member 3: expected 0 to 2", {"member": 3}),
        ("member and checkpoint: expected one of the two", {"member": 0, "checkpoint": "12"}),
        ("alpha is 2: expected a number, 0 to 1", {"alpha": 2.0}),
        ("unknown level 'seek'", {"level": "seek"}),
        ("workers is -2: expected 0 or more", {"workers": -2}),
    ],
)
def test_says_why_there_is_no_such_agent(run, text, arguments):
    with pytest.raises(ValueError, match=text) as raised:
        chrysalis.Agent.load(run, **arguments).make()
    assert "\n" not in str(raised.value)


def test_says_what_is_wrong_with_a_directory(run, tmp_path):
    with pytest.raises(ValueError, match="no run there"):
        chrysalis.Agent.load(tmp_path / "nothing")
    checkpoint = next((run / "checkpoints").iterdir())
    with pytest.raises(ValueError, match="expected no other beside it"):
        chrysalis.Agent.load(checkpoint, checkpoint="12")
    lone = tmp_path / "lone"
    lone.mkdir()
    (lone / "checkpoint.json").write_bytes((checkpoint / "checkpoint.json").read_bytes())
    with pytest.raises(ValueError, match="no run "):
        chrysalis.Agent.load(lone)


@pytest.mark.parametrize(
    "text, call",
    [
        ("num_envs is 0", lambda agent, o, s: agent.start(0)),
        ("seed is -1", lambda agent, o, s: agent.start(1, seed=-1)),
        ("observation is float64", lambda agent, o, s: agent.act(o / 255, s)),
        (r"expected uint8 \[2, 72, 96, 3\]", lambda agent, o, s: agent.act(o, agent.start(2))),
        ("expected the reward", lambda agent, o, s: agent.act(o, agent.act(o, s)[1])),
        ("episodes is 0", lambda agent, o, s: agent.evaluate(0)),
    ],
)
def test_errors_say_what_was_expected(run, text, call):
    agent = chrysalis.Agent.load(run)
    observation, _ = agent.make().reset(seed=1)
    with pytest.raises(ValueError, match=text):
        call(agent, observation, agent.start())


def test_control_c_ends_an_evaluation(run: Path):
    import signal
    import threading

    agent = chrysalis.Agent.load(run, workers=2)
    # A shell's background jobs ignore SIGINT from the start.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Timer(0.3, signal.raise_signal, [signal.SIGINT]).start()
        with pytest.raises(KeyboardInterrupt):
            agent.evaluate(10_000)
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(agent.evaluate(1)) == 1
