"""What an environment shows and takes, as Gymnasium's spaces."""

from typing import Any, Literal

import numpy as np
from gymnasium import spaces

from chrysalis import _native


Actions = Literal["small", "big", "raw"]


def observation_space(spec: _native.EnvironmentSpec) -> spaces.Space[Any]:
    """uint8 [height, width, 3]: RGB, rows from the top."""
    return spaces.Box(0, 255, (spec.height, spec.width, 3), np.uint8)


def action_space(actions: Actions) -> spaces.Space[Any]:
    """Discrete for the sets "small" (9) and "big" (756); for "raw" the seven integers in their ranges."""
    if actions != "raw":
        return spaces.Discrete(_native.action_count(actions))
    parts = _native.raw_action_parts()
    return spaces.MultiDiscrete(
        [high - low + 1 for _, low, high in parts], start=[low for _, low, _ in parts]
    )
