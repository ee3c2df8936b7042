"""A trained agent, acting by the kernels that it was trained with; no LibTorch."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chrysalis import _native
from chrysalis.environment import Environment
from chrysalis.spaces import Actions
from chrysalis.vector_environment import VectorEnvironment


@dataclass(frozen=True)
class AgentState:
    """What an agent remembers of each of N environments. Not changed by `Agent.act`, which gives a new
    one."""

    core: NDArray[np.float32]
    """[N, core_state_size], the memory of the network's core."""
    last_action: NDArray[np.int32]
    """[N], -1 where an episode begins."""
    seed: NDArray[np.uint64]
    """[N], names the draws of actions."""
    episode: NDArray[np.int64]
    """[N], of the seed; -1 before the first."""
    draws: NDArray[np.uint64]
    """[N], words drawn in the episode."""
    log_policy: NDArray[np.float32] | None = None
    """[N, action_count], natural logarithms of the probabilities that the last action was drawn from."""
    value: NDArray[np.float32] | None = None
    """[N], the baseline of the last decision."""


class Agent:
    """The agent of a run, as the program has it: the same weights and seeds give the same actions.

    level (str), actions (str), settings (dict): of the environment that it acts in.
    checkpoint (str), member, update, agent_steps (int): what its weights are of.
    alpha (float): of the mixture that acts; 1 where it has one policy.
    width, height (pixels), action_count, core_state_size (int).

    One thread at a time (RuntimeError otherwise).
    """

    def __init__(self, native: _native.Agent) -> None:
        self._native = native
        self.level: str = native.level
        self.actions = cast(Actions, native.actions)
        self.settings: dict[str, Any] = dict(native.settings)
        self.checkpoint: str = native.checkpoint
        self.member: int = native.member
        self.update: int = native.update
        self.agent_steps: int = native.agent_steps
        self.alpha: float = native.alpha
        self.width: int = native.width
        self.height: int = native.height
        self.action_count: int = native.action_count
        self.core_state_size: int = native.core_state_size

    @classmethod
    def load(
        cls,
        run: str | PathLike[str],
        *,
        member: int | None = None,
        checkpoint: str | None = None,
        alpha: float | None = None,
        level: str | None = None,
        workers: int = 0,
    ) -> "Agent":
        """Reads an agent, also while its run goes on.

        run: the directory of a run, or of one of its checkpoints.
        member: of the population; None: the one whose returns of late are best.
        checkpoint: its name or the start of it; None: the member's newest.
        alpha: act by this mixture, 0 (the simple policy) to 1 (the complex one); None: that of the weights.
        level: to act in; None: the run's.
        workers: threads that a batch is shared by; 0: one for each core that the process may use.

        ValueError with one line where there is no such agent; OSError where the disk does not let it.
        """
        path = Path(run)
        if (path / "checkpoint.json").is_file():
            if checkpoint is not None:
                raise ValueError(f"{path} is a checkpoint: expected no other beside it")
            path = path.absolute()
            path, checkpoint = path.parent.parent, path.name
        return cls(_native.Agent(str(path), checkpoint or "", member, alpha, level or "", workers))

    def start(self, num_envs: int = 1, *, seed: int = 1) -> AgentState:
        """The state before the first decision. Environment i draws by seed + i: beside a `VectorEnvironment`
        of `reset(seed=seed)`, or an `Environment` where num_envs is 1, the agent plays the episodes that
        `chrysalis eval --seed` plays."""
        if num_envs < 1:
            raise ValueError(f"num_envs is {num_envs}: expected 1 or more")
        if seed < 0:
            raise ValueError(f"seed is {seed}: expected 0 or more")
        return AgentState(
            core=np.zeros((num_envs, self.core_state_size), np.float32),
            last_action=np.full(num_envs, -1, np.int32),
            seed=np.array([(seed + i) % 2**64 for i in range(num_envs)], np.uint64),
            episode=np.full(num_envs, -1, np.int64),
            draws=np.zeros(num_envs, np.uint64),
        )

    def act(
        self,
        observation: ArrayLike,
        state: AgentState,
        reward: ArrayLike | None = None,
        episode_start: ArrayLike | None = None,
    ) -> tuple[Any, AgentState]:
        """Decides, and gives the state for the next decision.

        observation: uint8 [N, height, width, 3] of N environments; or [height, width, 3] of one.
        reward: [N] or a number, of the step that led to the observation: the network sees it. Needed but
            where an episode begins (ValueError).
        episode_start: bool [N] or one, whether the observation is an episode's first; nothing is then
            remembered. Not needed with the state of `start()`.

        The action is drawn as in training and evaluation: int64 [N], or an int for an observation of one.
        """
        n = len(state.seed)
        pixels = np.ascontiguousarray(observation)
        single = pixels.ndim == 3
        pixels = pixels[None] if single else pixels
        if pixels.dtype != np.uint8 or pixels.shape != (n, self.height, self.width, 3):
            raise ValueError(
                f"observation is {pixels.dtype} {list(pixels.shape)}: "
                f"expected uint8 {[n, self.height, self.width, 3]}"
            )
        starts = state.episode < 0
        if episode_start is not None:
            starts = starts | np.asarray(episode_start, np.bool_)
        if reward is None and not starts.all():
            raise ValueError(
                "act() within an episode: expected the reward of the step that led to the observation"
            )
        rewards = np.broadcast_to(np.asarray(0.0 if reward is None else reward, np.float32), (n,))
        after = AgentState(
            core=state.core.copy(),
            last_action=state.last_action.copy(),
            seed=state.seed,
            episode=state.episode.copy(),
            draws=state.draws.copy(),
            log_policy=np.empty((n, self.action_count), np.float32),
            value=np.empty(n, np.float32),
        )
        actions = np.empty(n, np.int64)
        assert after.log_policy is not None and after.value is not None
        finite = self._native.step(
            pixels,
            np.ascontiguousarray(rewards),
            np.ascontiguousarray(np.broadcast_to(starts, (n,)), np.uint8),
            after.core,
            after.last_action,
            after.seed,
            after.episode,
            after.draws,
            actions,
            after.log_policy,
            after.value,
        )
        if not finite:
            raise FloatingPointError("the agent's network gives numbers that are not finite")
        return (int(actions[0]) if single else actions), after

    def evaluate(self, episodes: int = 30, *, seed: int = 1) -> NDArray[np.float64]:
        """Returns of `episodes` episodes, float64 [episodes], as `chrysalis eval --seed` gives them: played
        in C++, so without an observation's way through Python."""
        return np.array([record[0] for record in self._native.evaluate(episodes, seed)], np.float64)

    def make(self, *, render_mode: str | None = None) -> Environment:
        """An environment as the agent knows it: level, settings and actions."""
        return Environment(self.level, actions=self.actions, render_mode=render_mode, **self.settings)

    def make_vec(self, num_envs: int, **arguments: Any) -> VectorEnvironment:
        """The same, `num_envs` of them at once; arguments: of `VectorEnvironment`."""
        return VectorEnvironment(self.level, num_envs, actions=self.actions, **{**self.settings, **arguments})

    def __repr__(self) -> str:
        return (
            f"Agent(level={self.level!r}, checkpoint={self.checkpoint!r}, member={self.member}, "
            f"agent_steps={self.agent_steps}, alpha={self.alpha:g})"
        )
