#!/bin/sh
# Installs the Python package into a fresh virtual environment, as its users do, and runs its tests and its
# type checker there; then the one against Stable-Baselines3. PYTHON chooses another Python than Debian's.
# CXX and CMAKE_CXX_COMPILER_LAUNCHER (ccache) are heard as CMake hears them.
set -eu
cd "$(dirname "$0")/.."

python=${PYTHON:-/usr/bin/python3}
out=build/python
rm -rf "$out"

in_venv() {
  name=$1
  shift
  "$out/$name/bin/python" "$@"
}

"$python" -m venv "$out/venv"
export CHRYSALIS_PYTHON_TEST=1  # See pyproject.toml.
in_venv venv -m pip wheel --quiet --disable-pip-version-check --no-deps \
  --wheel-dir "$out/wheel" .
CHRYSALIS_DMLAB_LIBRARY=$PWD/build/pip/libchrysalis_dmlab.so
export CHRYSALIS_DMLAB_LIBRARY
wheel=$(echo "$out"/wheel/*.whl)
in_venv venv -m pip install --quiet --disable-pip-version-check "${wheel}[test]"
in_venv venv -m pytest --quiet -rs --ignore python/tests/test_stable_baselines.py
in_venv venv -m mypy --strict --no-error-summary -p chrysalis

# PyTorch's own wheels bring gigabytes of CUDA along. Debian's PyTorch is small and built from the LibTorch
# that is here anyway; its version has a name that no requirement takes (1.13.0a0), hence --no-deps. It wants
# NumPy 1, so this is also the test of the oldest NumPy.
if ! "$python" -c 'import torch' 2>/dev/null; then
  echo "python_test.sh: $python has no PyTorch: the test against Stable-Baselines3 is left out." >&2
  exit 0
fi
"$python" -m venv --system-site-packages "$out/torch"
in_venv torch -m pip install --quiet --disable-pip-version-check "$wheel" 'numpy<2' 'pandas>=2' \
  cloudpickle pytest
in_venv torch -m pip install --quiet --disable-pip-version-check --no-deps stable-baselines3==2.9.2
in_venv torch -m pytest --quiet -rs python/tests/test_stable_baselines.py \
  python/tests/test_vector_environment.py
