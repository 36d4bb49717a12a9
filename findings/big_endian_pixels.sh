#!/bin/bash
# Pictures with the most significant byte first, as FITS files of astronomy hold them: who reads the numbers, who the bytes?
#
# Seen on x86-64 with Python 3.11, NumPy 2.4.6:
#   SciPy 1.17.1, signal.correlate2d and ndimage.correlate   right
#   astropy 8.0.2, convolution.convolve                      right, and the result keeps the byte order
#   onnx 1.23.2, reference evaluator, Identity               right, and the result keeps the byte order
#   ONNX Runtime 1.32.0, Identity                            the bytes are read in the machine's order: 1 becomes 4.6e-41
#   OpenCV 5.0.0 (opencv-python-headless 5.0.0.93), filter2D the same, for the picture and for the kernel
# Neither of the two warns or raises, though the array's dtype says what its order is. Others refuse such an array
# (SimpleITK 2.5.7, pyvips 3.2.0, DIPlib 3.6.1, MLX 0.32.4). `array.astype(array.dtype.newbyteorder("="))` mends it.
#
# The program fails if an answer changes. It needs network access to install the packages.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 scipy==1.17.1 astropy==8.0.2 \
    onnx==1.23.2 onnxruntime==1.32.0 opencv-python-headless==5.0.0.93
cat > "$folder/ask.py" <<'PYTHON'
import warnings

import astropy.convolution
import cv2
import numpy as np
import onnxruntime
import scipy.ndimage
import scipy.signal
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

warnings.simplefilter("error")
native = np.arange(1, 17, dtype="f4").reshape(4, 4)
one = np.zeros((3, 3), "f4")
one[1, 1] = 1
picture, kernel = native.astype(">f4"), one.astype(">f4")
assert np.array_equal(picture, native)

graph = helper.make_graph(
    [helper.make_node("Identity", ["x"], ["y"])], "identity",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [4, 4])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, [4, 4])],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
model.ir_version = 8
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def told(name, result):
    kept = "right" if np.array_equal(result, native) else (
        "bytes" if np.array_equal(result, native.view(">f4").astype("f4")) else f"other {result.ravel()[:3]}"
    )
    print(f"{name}: {kept}, {result.dtype.str}")


told("scipy.signal", scipy.signal.correlate2d(picture, kernel, "same"))
told("scipy.ndimage", scipy.ndimage.correlate(picture, kernel))
told("astropy", astropy.convolution.convolve(picture, kernel, normalize_kernel=False))
told("onnx reference", ReferenceEvaluator(model).run(None, {"x": picture})[0])
told("onnxruntime", session.run(None, {"x": picture})[0])
told("opencv, picture", cv2.filter2D(picture, -1, one))
told("opencv, native order", cv2.filter2D(native, -1, one))
PYTHON
cat > "$folder/seen" <<'SEEN'
scipy.signal: right, <f4
scipy.ndimage: right, <f4
astropy: right, >f4
onnx reference: right, >f4
onnxruntime: bytes, <f4
opencv, picture: bytes, <f4
opencv, native order: right, <f4
SEEN
"$folder/env/bin/python" "$folder/ask.py" 2>/dev/null | tee "$folder/now"
diff "$folder/seen" "$folder/now"
echo "as seen"
