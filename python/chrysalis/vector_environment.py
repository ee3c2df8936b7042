"""Many environments for Gymnasium, stepped at once in C++."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from chrysalis import _native, spaces
from chrysalis.spaces import Actions

Observations = NDArray[np.uint8]


class VectorEnvironment(VectorEnv[Observations, Any, NDArray[Any]]):
    """`num_envs` environments of one level, stepped by threads of C++ while Python's lock is let go.

    level, actions, settings: as for `Environment`; render_mode must be None.
    workers: threads that step, the caller's among them; 0: one for each core that the process may use. What
        is played does not depend on it.
    autoreset_mode: NEXT_STEP: the step after the one that ended an episode begins the next (its action is
        ignored, its reward is 0). SAME_STEP: the step that ended it does, and `infos["final_obs"]` has what
        was seen at the end. Declared in `metadata["autoreset_mode"]`.

    Observations: uint8 [num_envs, height, width, 3]. Rewards: float64 [num_envs]. Terminations and
    truncations: bool [num_envs]. All are views of memory that C++ wrote, never copied, and yours for as long
    as you hold them: a step writes where no array (nor anything made from it without a copy, such as a torch
    tensor) refers to. `infos` are those of `Environment`, as Gymnasium's own vector environments batch them.

    Environment i of `reset(seed=s)` plays what an `Environment` of `reset(seed=s + i)` plays, to the bit.

    Levels of DM Lab's work all at once, each in its process, whatever the number of workers.

    One thread at a time (RuntimeError otherwise). A child of fork() may go on with its copy, unless the level
    is DM Lab's. The threads end with `close()` or with the object.
    """

    def __init__(
        self,
        level: str,
        num_envs: int,
        *,
        workers: int = 0,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        actions: Actions = "small",
        render_mode: str | None = None,
        **settings: Any,
    ) -> None:
        if render_mode is not None:
            raise ValueError(f"render_mode is {render_mode!r}: expected None for many environments")
        autoreset_mode = AutoresetMode(autoreset_mode)
        if autoreset_mode == AutoresetMode.DISABLED:
            raise ValueError("autoreset_mode is DISABLED: expected NEXT_STEP or SAME_STEP")
        self._same_step = autoreset_mode == AutoresetMode.SAME_STEP
        self._native: _native.VectorEnvironment | None = _native.VectorEnvironment(
            level, num_envs, workers, self._same_step, actions, settings
        )
        spec = self._native.spec
        self.metadata = {
            "render_modes": [],
            "render_fps": spec.frames_per_second / spec.action_repeat,
            "autoreset_mode": autoreset_mode,
        }
        self.num_envs = num_envs
        self._shape = (spec.height, spec.width, 3)
        self.workers: int = self._native.workers
        self.single_observation_space = spaces.observation_space(spec)
        self.single_action_space = spaces.action_space(actions)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._ended = np.zeros(num_envs, np.bool_)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Observations, dict[str, Any]]:
        """Begins an episode in every environment.

        seed: an integer s gives environment i the seed s + i; a sequence, one each. None, alone or in a
            sequence, goes on to the next episode of the seed before, and where there was none takes one from
            the system. options: none are known, and all but "reset_mask" (ValueError) are ignored.
        """
        if options is not None and "reset_mask" in options:
            raise ValueError("options has reset_mask: expected none, ended environments go on by themselves")
        native = self._open()
        super().reset(seed=seed if isinstance(seed, int) else None)
        if seed is None and not native.has_begun:
            seed = self.np_random_seed
        if isinstance(seed, (int, np.integer)):
            seed = [int(seed) + i for i in range(self.num_envs)]
        elif seed is None:
            seed = [None] * self.num_envs
        elif not native.has_begun:
            drawn = self.np_random.integers(2**63, size=len(seed))
            seed = [int(new) if one is None else one for one, new in zip(seed, drawn, strict=True)]
        for one in seed:
            if one is not None and one < 0:
                raise ValueError(f"a seed is {one}: expected 0 or more")
        self._ended = np.zeros(self.num_envs, np.bool_)
        return native.reset([None if one is None else int(one) % 2**64 for one in seed]), {}

    def step(
        self, actions: Any
    ) -> tuple[Observations, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """One agent step of every environment.

        actions: integers, [num_envs], or [num_envs, 7] where actions="raw". ValueError for any that is out of
        range, and then nothing was stepped.
        """
        integers = np.asarray(actions)
        if integers.shape != self.action_space.shape or integers.dtype.kind not in "iu":
            raise ValueError(
                f"actions are {integers.dtype} {list(integers.shape)}: "
                f"expected integers {list(self.action_space.shape or ())}"
            )
        native = self._open()
        observations, rewards, terminated, truncated, frames, any_ended = native.step(
            np.ascontiguousarray(integers, np.int64)
        )
        stepped = np.ones(self.num_envs, np.bool_)
        if not self._same_step:
            stepped &= ~self._ended
        infos: dict[str, Any] = {}
        if any_ended:
            ended = terminated | truncated
            self._ended = ended
            infos = self._infos_of_ends(native, np.flatnonzero(ended), frames)
            if self._same_step:
                stepped &= ~ended
                # Of the episode that ended, and told with it.
                frames[ended] = 0
        else:
            self._ended = np.zeros(self.num_envs, np.bool_)
        if stepped.any():
            infos["frames"], infos["_frames"] = frames, stepped
        return observations, rewards, terminated, truncated, infos

    def close_extras(self, **_: Any) -> None:
        """Ends the threads and lets go of the worlds; arrays that were returned stay valid."""
        self._native = None

    def _infos_of_ends(
        self, native: _native.VectorEnvironment, ended: NDArray[Any], frames: NDArray[np.int64]
    ) -> dict[str, Any]:
        infos: dict[str, Any] = {}
        for i in ended.tolist():
            episode_return, agent_steps, episode_frames, lost = native.ended_episode(i)
            info: dict[str, Any] = {
                "episode_return": episode_return,
                "episode_agent_steps": agent_steps,
                "episode_frames": episode_frames,
            }
            if lost:
                info["lost"] = True
            if self._same_step:
                final_obs = np.empty(self._shape, np.uint8)
                native.final_observation(i, final_obs)
                info["frames"] = int(frames[i])
                info = {"final_obs": final_obs, "final_info": info}
            infos = self._add_info(infos, info, i)
        return infos

    def _open(self) -> _native.VectorEnvironment:
        if self._native is None:
            raise RuntimeError("the environments are closed")
        return self._native
