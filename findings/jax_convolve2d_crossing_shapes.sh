#!/bin/bash
# jax.scipy.signal refuses shapes of which neither lies inside the other, in the modes where SciPy's function of the same
# name takes them: "full" and "same" have an answer for every pair of shapes, and only "valid" needs one inside the other.
#
# Seen with JAX 0.10.2 and SciPy 1.17.1, Python 3.11: a picture of 4x5 and a kernel of 1x7, or 3x3 and 4x2.
#   scipy.signal.convolve2d   full (4, 11) and (6, 4), same (4, 5) and (3, 3); valid: ValueError
#   jax.scipy.signal.convolve2d, correlate2d, convolve, correlate: ValueError in all three modes
#     "One input must be smaller than the other in every dimension."
# Padding the picture with zeros by the kernel's reach first, and asking for "valid", gives SciPy's "full".
#
# The program fails if an answer changes. It needs network access to install the packages.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 scipy==1.17.1 jax==0.10.2 jaxlib==0.10.2
cat > "$folder/ask.py" <<'PYTHON'
import jax.scipy.signal
import numpy as np
import scipy.signal

random = np.random.default_rng(0)
for shape, kernel in (((4, 5), (1, 7)), ((3, 3), (4, 2))):
    x, w = (random.integers(-4, 5, size).astype("f4") for size in (shape, kernel))
    for name in ("convolve2d", "correlate2d", "convolve", "correlate"):
        for mode in ("full", "same", "valid"):
            answers = []
            for library in (scipy.signal, jax.scipy.signal):
                try:
                    answers.append(str(np.shape(getattr(library, name)(x, w, mode=mode))))
                except ValueError:
                    answers.append("ValueError")
            print(shape, kernel, name, mode, *answers)
    reach = [(length - 1,) * 2 for length in kernel]
    padded = np.asarray(jax.scipy.signal.convolve2d(np.pad(x, reach), w, mode="valid"))
    print("padded first:", np.allclose(padded, scipy.signal.convolve2d(x, w)))
PYTHON
cat > "$folder/seen" <<'SEEN'
(4, 5) (1, 7) convolve2d full (4, 11) ValueError
(4, 5) (1, 7) convolve2d same (4, 5) ValueError
(4, 5) (1, 7) convolve2d valid ValueError ValueError
(4, 5) (1, 7) correlate2d full (4, 11) ValueError
(4, 5) (1, 7) correlate2d same (4, 5) ValueError
(4, 5) (1, 7) correlate2d valid ValueError ValueError
(4, 5) (1, 7) convolve full (4, 11) ValueError
(4, 5) (1, 7) convolve same (4, 5) ValueError
(4, 5) (1, 7) convolve valid ValueError ValueError
(4, 5) (1, 7) correlate full (4, 11) ValueError
(4, 5) (1, 7) correlate same (4, 5) ValueError
(4, 5) (1, 7) correlate valid ValueError ValueError
padded first: True
(3, 3) (4, 2) convolve2d full (6, 4) ValueError
(3, 3) (4, 2) convolve2d same (3, 3) ValueError
(3, 3) (4, 2) convolve2d valid ValueError ValueError
(3, 3) (4, 2) correlate2d full (6, 4) ValueError
(3, 3) (4, 2) correlate2d same (3, 3) ValueError
(3, 3) (4, 2) correlate2d valid ValueError ValueError
(3, 3) (4, 2) convolve full (6, 4) ValueError
(3, 3) (4, 2) convolve same (3, 3) ValueError
(3, 3) (4, 2) convolve valid ValueError ValueError
(3, 3) (4, 2) correlate full (6, 4) ValueError
(3, 3) (4, 2) correlate same (3, 3) ValueError
(3, 3) (4, 2) correlate valid ValueError ValueError
padded first: True
SEEN
JAX_PLATFORMS=cpu "$folder/env/bin/python" "$folder/ask.py" 2>/dev/null | tee "$folder/now"
diff "$folder/seen" "$folder/now"
echo "as seen"
