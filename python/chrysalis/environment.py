"""One environment for Gymnasium."""

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from chrysalis import _native, spaces
from chrysalis.spaces import Actions

Observation = NDArray[np.uint8]


class Environment(gymnasium.Env[Observation, Any]):
    """A level as its agent sees it.

    level: a name of `chrysalis.levels()`, `map:FILE` for a text map, or `dmlab:LEVEL` for one of DM Lab's.
    actions: "small": Discrete(9), IMPALA's; "big": Discrete(756), Mix & Match's; "raw": MultiDiscrete, DM
        Lab's seven integers, held for `action_repeat` frames.
    render_mode: None, or "rgb_array": render() returns what the agent sees.
    settings: `width`, `height`, `action_repeat` and the level's own, under their names in a config
        (docs/config.md, tables "environment" and "level"). `dmlab`: for a level of DM Lab's, a dict of the
        settings of that table, such as {"library": "/opt/lab/libdmlab_headless_sw.so"}. TypeError for an
        unknown name, ValueError for a value out of its range; both name what was expected.

    Observations are uint8 [height, width, 3], RGB, 72 x 96 by default, each in an array of its own. Rewards
    are the level's, summed over the frames of a step. `info` of a step has "frames" (int, advanced by the
    step); where the episode ended also "episode_return" (float), "episode_agent_steps" and "episode_frames"
    (int).

    `reset(seed=s)` plays episode 0 of s, and each `reset()` after it the next one: the same whatever was
    played before, and the episodes that `chrysalis eval --seed s` plays. No training run ever plays them.

    A level of DM Lab's is a process of its own. Where that falls the episode is lost: the step is truncated,
    its observation black, its reward and frames 0, and `info` has "lost" (True); `reset()` begins the next
    with a new process. OSError or ValueError, with the reason, where it cannot go on.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 15}

    def __init__(
        self,
        level: str,
        *,
        actions: Actions = "small",
        render_mode: str | None = None,
        **settings: Any,
    ) -> None:
        if render_mode not in (None, "rgb_array"):
            raise ValueError(f"render_mode is {render_mode!r}: expected None or 'rgb_array'")
        self._native: _native.Environment | None = _native.Environment(level, actions, settings)
        spec = self._native.spec
        self.metadata = {
            **self.metadata,
            "render_fps": spec.frames_per_second / spec.action_repeat,
        }
        self.render_mode = render_mode
        self._shape = (spec.height, spec.width, 3)
        self.observation_space = spaces.observation_space(spec)
        self.action_space = spaces.action_space(actions)
        self._seed: int | None = None
        self._episode = 0
        self._observation: Observation | None = None
        self._episode_return, self._agent_steps, self._frames = 0.0, 0, 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begins an episode. seed: at least 0; None goes on to the next episode of the seed before, and where
        there was none takes one from the system. options: none are known, and all are ignored."""
        super().reset(seed=seed)
        native = self._open()
        if seed is not None or self._seed is None:
            self._seed, self._episode = self.np_random_seed if seed is None else seed, 0
        else:
            self._episode += 1
        observation: Observation = np.empty(self._shape, np.uint8)
        native.reset(self._seed % 2**64, self._episode, observation)
        self._observation = observation
        self._episode_return, self._agent_steps, self._frames = 0.0, 0, 0
        return observation, {}

    def step(self, action: Any) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """One agent step. ValueError for an action that is not in `action_space`; RuntimeError where no
        episode runs."""
        observation: Observation = np.empty(self._shape, np.uint8)
        integers = np.asarray(action)
        if integers.dtype.kind not in "iu":
            raise ValueError(f"an action is {action!r}: expected integers, {self.action_space}")
        reward, frames, terminated, truncated, lost = self._open().step(
            integers.ravel().tolist(), observation
        )
        self._observation = observation
        self._episode_return += reward
        self._agent_steps += 1
        self._frames += frames
        info: dict[str, Any] = {"frames": frames}
        if terminated or truncated:
            info["episode_return"] = self._episode_return
            info["episode_agent_steps"] = self._agent_steps
            info["episode_frames"] = self._frames
        if lost:
            info["lost"] = True
        return observation, reward, terminated, truncated, info

    def render(self) -> Any:
        """What the agent saw last, uint8 [height, width, 3], where render_mode is "rgb_array"; else None."""
        if self.render_mode is None:
            gymnasium.logger.warn(
                'render() of an environment without render_mode: make it with render_mode="rgb_array"'
            )
            return None
        if self._observation is None:
            raise RuntimeError("render() before reset()")
        return self._observation.copy()

    def close(self) -> None:
        """Lets go of the world; only close() may follow."""
        self._native = None

    def _open(self) -> _native.Environment:
        if self._native is None:
            raise RuntimeError("the environment is closed")
        return self._native
