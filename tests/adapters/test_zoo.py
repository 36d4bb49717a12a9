"""The zoo is what it says: every fault is wrong on a call that it names, every benign variant is right."""

import faulthandler
import os
import resource
import select
import signal
import time
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest

import convspec
from convspec import reference
from convspec.adapters.benign import BENIGN, Benign
from convspec.adapters.faulty import FAULTS, MODULES, Conv2d, Fault, Witness
from convspec.adapters.faulty.pieces import Call, check, zero_pad
from convspec.adapters.faulty.witness import plain
from convspec.adapters.protocol import Array, Numerics

PRECISION = {
    "float16": 11, "bfloat16": 8, "float32": 24, "float64": 53, "complex64": 24, "complex128": 53}
SMALLEST = {
    "float16": 24, "bfloat16": 133, "float32": 149, "float64": 1074, "complex64": 149, "complex128": 1074}
LARGEST = {"float16": 65504.0, "float64": 2.0**1023, "complex128": 2.0**1023}
WINOGRAD = {2: 16, 4: 860, 6: 1565}

CALLS = {
    "dies-on-dilated-stride-two": Witness(),
    "dies-on-invalid-groups": plain(x=(1, 4, 4, 4), w=(3, 2, 2, 2), groups=2),
    "aborts-on-a-large-kernel": plain(x=(1, 1, 2, 2), w=(1, 1, 3, 3)),
    "hangs-without-channels": plain(x=(1, 0, 4, 4), w=(2, 0, 2, 2)),
    "hangs-on-wide-stride": plain(w=(3, 4, 1, 1), stride=(2, 2)),
    "lock-never-released": plain(),
    "leaves-with-success": plain(w=(3, 4, 1, 1), dtype="float16"),
    "calls-sys-exit": plain(stride=(0, 1)),
    "interrupts": plain(x=(1, 3, 4, 4), w=(3, 1, 2, 2), groups=3),
    "talks-without-end": plain(x=(1, 3, 4, 4), w=(3, 1, 2, 2), groups=3),
    "eats-the-memory": plain(w=(3, 4, 1, 4)),
    "recurses-without-end": plain(x=(3, 1, 4, 4), w=(1, 1, 2, 2)),
    "closes-its-descriptors": plain(x=(1, 4, 3, 2)),
}


@dataclass(frozen=True)
class Answer:
    """What the specification says of a call: refused, or the output as it is and without rounding."""

    refused: bool
    y: Array = field(default_factory=lambda: np.empty(0))
    ideal: Array | None = None
    gauge: Array | None = None
    terms: Array | None = None


@cache
def answer(witness: Witness) -> Answer:
    """Ask the reference, once for each call; nothing exact is known where a number is infinite or NaN."""
    (x, w, bias), parameters = witness.arrays(), witness.parameters()
    try:
        y = reference.conv2d(x, w, bias, **parameters)
    except ValueError:
        return Answer(refused=True)
    if x.ndim != 4 or w.ndim != 4:
        return Answer(refused=True)
    if y.dtype.kind in "iu" or not all(bool(np.isfinite(array).all()) for array in (x, w)):
        return Answer(False, y)
    nonzero = None if bias is None else (bias != 0).astype(int)
    terms = reference.conv2d((x != 0).astype(int), (w != 0).astype(int), nonzero, **parameters)
    if y.dtype.kind != "c":
        ideal = reference.exact_conv2d(x, w, bias, **parameters)
        return Answer(False, y, ideal, reference.gauge(x, w, bias, **parameters), terms)
    parts = [(x.real, w.real, x.imag, -w.imag, bias if bias is None else bias.real),
             (x.real, w.imag, x.imag, w.real, bias if bias is None else bias.imag)]
    ideals, gauges = (
        np.array([f(a, b, e, **parameters) + f(c, d, **parameters) for a, b, c, d, e in parts])
        for f in (reference.exact_conv2d, reference.gauge))
    return Answer(False, y, ideals, gauges, np.array([2 * terms, 2 * terms]))


def allowance(witness: Witness, numerics: Numerics, u: Fraction) -> Fraction:
    """Bound what a declared algorithm may be off beyond the error of a sum."""
    call = check(Call(*witness.arrays(), **witness.parameters()))
    x, w = (np.abs(array.astype(np.complex128)) for array in (call.x, call.w))
    padded = zero_pad(x, call.pads)
    if numerics.algorithm == "fft":
        size = int(np.prod(padded.shape[2:]))
        norms = np.sqrt((padded**2).sum()) * np.sqrt((w**2).sum())
        return u * Fraction(float((3 * np.log2(size) + w.shape[1] + 2) * norms))
    if numerics.tile is not None and call.kernel == (3, 3):
        norms = padded.max(initial=0) * w.sum(axis=(1, 2, 3)).max(initial=0)
        return u * Fraction(float(2 * WINOGRAD[numerics.tile] * (w.shape[1] + 2) * norms))
    if numerics.complex_products == 3 and call.dtype.kind == "c":
        return u * Fraction(float(8 * w[:1].size * padded.max(initial=0) * w.max(initial=0)))
    return Fraction(0)


def is_right(got: Array, witness: Witness, numerics: Numerics) -> bool:
    """Judge an output: exactly for integers and what is not finite, by the proved bound for other floats."""
    known = answer(witness)
    expected, name = known.y, known.y.dtype.name
    if got.shape != expected.shape or got.dtype != expected.dtype:
        return False
    if known.ideal is None or known.gauge is None or known.terms is None:
        return bool(np.array_equal(got, expected, equal_nan=got.dtype.kind not in "iu"))
    u, eta = Fraction(1, 2 ** PRECISION[name]), Fraction(1, 2 ** SMALLEST[name])
    extra = allowance(witness, numerics, u)
    rounding = Fraction(2, 2**numerics.input_precision) if numerics.input_precision else u
    half = name in {"float16", "bfloat16"} and numerics.accumulator.get(name) == "float32"
    plain_sum = numerics == Numerics() and witness.data == "integers" and got.dtype.kind == "f"
    parts = np.array([got.real, got.imag]) if got.dtype.kind == "c" else got
    for value, ideal, gauge, terms in zip(
            parts.flat, known.ideal.flat, known.gauge.flat, known.terms.flat, strict=True):
        if gauge >= LARGEST.get(name, 2.0**127) / 2:
            continue  # a partial sum may overflow in one order and not in another
        if not np.isfinite(value):
            return False
        wanted, size, count = Fraction(ideal), Fraction(gauge), int(terms)
        bound = count * rounding * size + extra
        if plain_sum and size < 2 ** PRECISION[name]:
            bound = Fraction(0)
        elif half:
            bound = u * abs(wanted) * Fraction(1025, 1024) + count * size * Fraction(101, 100 * 2**24) + extra
            bound += u * (abs(wanted) + size) if witness.bias else 0
        if abs(Fraction(float(value)) - wanted) > bound + count * eta:
            return False
    return True


def answers_rightly(function: Conv2d, witness: Witness, numerics: Numerics) -> bool:
    """Make the call of a witness: a right answer, or an exception where the specification refuses."""
    refused = answer(witness).refused
    try:
        got = function(*witness.arrays(), **witness.parameters())
    except Exception:
        return refused
    return not refused and is_right(np.asarray(got), witness, numerics)


def cases() -> list[Witness]:
    """List small integer cases whose dimensions all differ, over parameters, dtypes and layouts."""
    listed = [
        Witness(stride=stride, dilation=dilation, padding=padding, bias=bias)
        for stride in [(1, 1), (2, 1), (1, 3)] for dilation in [(1, 1), (1, 2)]
        for padding in [((0, 0), (0, 0)), ((2, 0), (1, 3)), "same_upper", "same_lower", "full", "valid"]
        for bias in [False, True]]
    listed += [Witness(dtype=name, bias=True) for name in (
        "float16", "float32", "bfloat16", "complex64", "complex128", "int8", "uint8", "int16", "int32",
        "int64", "uint64")]
    listed += [plain(dtype=name, data="full", bias=True) for name in ("int8", "uint16", "int32", "uint64")]
    listed += [Witness(layout_x=layout, layout_w=layout) for layout in (
        "F", "channels last", "reversed", "stepped", "slice", "broadcast", "guarded")]
    listed += [plain(x=x, w=w, groups=g, bias=True) for x, w, g in [
        ((2, 4, 5, 6), (6, 2, 3, 2), 2), ((1, 3, 4, 5), (6, 1, 2, 3), 3), ((0, 4, 5, 5), (2, 4, 2, 2), 1),
        ((1, 4, 5, 5), (0, 4, 2, 2), 1), ((2, 0, 4, 5), (3, 0, 2, 2), 1), ((1, 17, 6, 7), (9, 17, 3, 3), 1),
        ((1, 2, 1, 20), (2, 2, 1, 1), 1), ((2, 2, 9, 8), (3, 2, 3, 3), 1)]]
    listed += [plain(x=(1, 2, 0, 4), padding=((2, 2), (0, 0)), w=(2, 2, 2, 2), bias=True)]
    listed += [plain(data=kind, w=(3, 4, 3, 3), dtype=name) for kind in ("normal", "spread", "constant")
               for name in ("float32", "float64", "float16")]
    return listed


CASES = cases()
SAFE = [fault for fault in FAULTS.values() if fault.witness is not None]
DANGEROUS = [fault for fault in FAULTS.values() if fault.witness is None]
INVALID = [
    plain(x=(2, 4, 4)), plain(stride=(0, 1)), plain(stride=(1.5, 1)), plain(dilation=(1, -1)),
    plain(groups=3), plain(w=(3, 3, 2, 2)), plain(bias_shape=(1,)), plain(w=(3, 4, 0, 2)),
    plain(padding=((-1, 0), (0, 0))), plain(padding="mirror"), plain(padding=((2**62, 0), (0, 0))),
    plain(stride=(1, 1, 1)), plain(stride=None), plain(w=(3, 4, 99, 1))]


def claimed(variant: Benign, witness: Witness) -> bool:
    """Say whether a variant claims a case, as far as these cases need it."""
    claims, w = variant.capabilities, witness.w
    little = claims.stride == "same" and (
        witness.stride[0] != witness.stride[1] or witness.padding != ((0, 0), (0, 0)) or witness.bias
        or witness.groups != 1 or w[2] != w[3] or witness.x[1] == 0)
    dilated = claims.dilation == "none" and max(witness.dilation) > 1
    return witness.dtype in claims.dtypes and not little and not dilated


def test_ids_are_unique_and_plain() -> None:
    listed = [fault.id for module in MODULES for fault in module.wrong.members] + list(BENIGN)
    assert len(listed) == len(set(listed))
    assert all(name == name.lower() and " " not in name for name in listed)
    assert len(FAULTS) >= 100
    assert len(BENIGN) >= 62
    assert sum(variant.is_plain for variant in BENIGN.values()) >= 15


def test_every_fault_says_what_is_known_of_it() -> None:
    for fault in FAULTS.values():
        assert fault.sentence.endswith("."), fault.id
        assert "\n" not in fault.sentence, fault.id
        assert fault.remedy, fault.id
        assert fault.hides, fault.id
        assert fault.caught_by, fault.id
        assert len(set(fault.caught_by)) == len(fault.caught_by), fault.id
        assert not fault.recreates or fault.recreates.startswith("https://"), fault.id


@pytest.mark.parametrize("fault", SAFE, ids=lambda f: f.id)
def test_fault_is_wrong_on_its_witness(fault: Fault) -> None:
    if isinstance(fault.witness, Witness):
        assert not answers_rightly(fault.function, fault.witness, fault.numerics)
    else:
        assert fault.witness is not None
        assert fault.witness(fault.function)


WITH_THE_SIGNATURE = [variant for variant in BENIGN.values() if not variant.is_plain]
PLAIN = [variant for variant in BENIGN.values() if variant.is_plain]


@pytest.mark.parametrize("variant", WITH_THE_SIGNATURE, ids=lambda v: v.id)
def test_benign_variant_agrees_with_the_reference(variant: Benign) -> None:
    made = [witness for witness in CASES if claimed(variant, witness)]
    assert made
    for witness in made:
        assert answers_rightly(variant.function, witness, variant.numerics), witness


@pytest.mark.parametrize("variant", PLAIN, ids=lambda v: v.id)
def test_plain_variant_conforms(variant: Benign, drawn_once: None, unexplained: None) -> None:
    """In the form in which it is recognised: nothing is asked of it that it does not offer."""
    result = convspec.check(variant.function, effort="quick", only=("DEF-01", "SHP-01", "PAD-01", "DTY", "PUR-01"))
    assert result.exit_status == 0, result


@pytest.mark.parametrize("variant", WITH_THE_SIGNATURE, ids=lambda v: v.id)
def test_benign_variant_refuses_what_is_invalid(variant: Benign) -> None:
    for witness in INVALID:
        if witness.w[2] == 99 and variant.capabilities.empty_output == "zero":
            x, w, _ = witness.arrays()
            assert variant.function(x, w).shape == (2, 3, 0, 6)
            continue
        x, w, bias = witness.arrays()
        with pytest.raises((ValueError, TypeError)):
            variant.function(x, w, bias, **witness.parameters())


def outcome(fault: Fault, witness: Witness, seconds: float) -> str:
    """Make a call twice in a forked child and say how it ended."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        _answer_in_child(fault, witness, writer)
    os.close(writer)
    limit = time.monotonic() + seconds
    ready, _, _ = select.select([reader], [], [], seconds)
    reply = os.read(reader, 100).decode() if ready else "hung"
    os.close(reader)
    while time.monotonic() < limit and os.waitpid(pid, os.WNOHANG) == (0, 0) and reply != "hung":
        time.sleep(0.01)
    if reply == "hung":
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return reply or "died"


def _answer_in_child(fault: Fault, witness: Witness, writer: int) -> None:
    faulthandler.disable()
    silent = os.open(os.devnull, os.O_RDWR)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (2**35, 2**35))
    reply = b"right"
    try:
        for _ in range(2):
            if not answers_rightly(fault.function, witness, fault.numerics):
                reply = b"wrong"
    except BaseException as error:
        reply = type(error).__name__.encode()
    try:
        os.write(writer, reply)
    finally:
        os._exit(0)


@pytest.mark.parametrize("fault", DANGEROUS, ids=lambda f: f.id)
def test_fault_of_the_process_gives_no_right_answer(fault: Fault) -> None:
    assert outcome(fault, CALLS[fault.id], seconds=1.0) != "right"


@pytest.mark.parametrize("fault", DANGEROUS, ids=lambda f: f.id)
def test_fault_of_the_process_is_right_elsewhere(fault: Fault) -> None:
    harmless = plain(x=(1, 2, 5, 4), w=(2, 2, 2, 2))
    assert answers_rightly(fault.function, harmless, fault.numerics)


@pytest.mark.parametrize("refused", [
    {"padding": ((True, 1), (1, 1))}, {"padding": ((1.0, 1), (1, 1))}, {"stride": (1.0, 1)},
])
def test_what_equals_a_geometry_that_was_accepted_is_refused_all_the_same(refused: dict[str, Any]) -> None:
    call = Call(np.ones((1, 1, 4, 4)), np.ones((1, 1, 2, 2)), None, (1, 1), ((1, 1), (1, 1)), (1, 1), 1)
    check(call)
    with pytest.raises(ValueError, match=r"integer|whole number"):
        check(call.but(**refused))
