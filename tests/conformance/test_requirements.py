"""The requirements in code: those of the catalogue, each with enough cases, and none that the specification breaks."""

import itertools
import pickle

import numpy as np
import pytest

from convspec.adapters.protocol import DTYPES, WORDS, Capabilities, Numerics
from convspec.adapters.reference_conv2d import adapter as reference
from convspec.conformance.battery import EFFORTS, Battery, admits
from convspec.conformance.calls import Outcome, Trial
from convspec.conformance.case import Case, parse_case
from convspec.conformance.catalogue import catalogue, select
from convspec.conformance.expected import Expected
from convspec.conformance.generating import INTEGERS
from convspec.conformance.judging import Judge
from convspec.conformance.performing import perform
from convspec.conformance.requirement import Hearing
from convspec.conformance.requirements import calls_of, requirements

EVERYTHING = Capabilities(dtypes=DTYPES, padding_words=WORDS)
# One picture and one filter, with everything else that a plane can have.
PLANE = Capabilities(profile="plane", dtypes=DTYPES, padding_words=WORDS, groups=False, bias=False, zero_channels=False)
HOMEWORK = Capabilities(profile="plane", stride="same", padding="same", dilation="none", groups=False, bias=False,
                        zero_channels=False)
NEEDED = 100

each = pytest.mark.parametrize("id", requirements())


def test_code_and_catalogue_agree():
    core = {id for id, entry in catalogue().items() if entry.is_checked}
    assert set(requirements()) == core
    assert len(core) == 82
    assert len({requirement.bias for requirement in requirements().values()}) > 40


@each
def test_what_is_refused_is_said_to_be_refused(id):
    """Requirements of class RAISES have invalid cases, and the others valid ones."""
    invalid = catalogue()[id].verdict_class == "RAISES"
    if id in ("ERR-06", "SHP-08", "DTY-05", "DTY-03"):
        # Either an exception or, where that is declared or right, an answer.
        return
    assert requirements()[id].valid != invalid


@each
def test_enough_cases_for_full_claims(id, battery):
    requirement = requirements()[id]
    if requirement.not_asked(EVERYTHING, Numerics()):
        # The two classes that the direct one excludes.
        assert id in ("NUM-05", "NUM-06")
    found = list(battery.fitted(requirement, EVERYTHING))
    assert len(found) >= NEEDED
    assert len(found) <= battery.size(requirement)
    assert len({case.id for case in found}) == len(found)
    assert all(admits(requirement, case) for case in found)
    assert all(case.is_valid for case in found) or not requirement.valid


@each
@pytest.mark.parametrize(("claims", "needed"), [(PLANE, NEEDED), (HOMEWORK, 30)], ids=["plane", "homework"])
def test_enough_cases_for_planes(id, claims, needed, battery):
    """A requirement that is asked of a plane has cases for it; fewer where one number has to be wrong for both axes."""
    requirement = requirements()[id]
    reason = requirement.not_asked(claims, Numerics())
    if reason is None:
        assert len(list(battery.fitted(requirement, claims))) >= needed
    else:
        assert len(reason.split()) > 2


def test_a_selection_changes_no_case(battery):
    """Each requirement has a stream of its own."""
    alone = Battery(0, "standard")
    assert alone.drawn(requirements()["PAD-04"]) == battery.drawn(requirements()["PAD-04"])


def test_another_seed_gives_other_cases():
    requirement = requirements()["SHP-01"]
    first, second = (Battery(seed, "quick").drawn(requirement) for seed in (1, 2))
    assert len({case.id for case in first} & {case.id for case in second}) < len(first) // 4


def test_effort_is_how_many():
    sizes = [Battery(0, effort).size(requirements()["STR-01"]) for effort in EFFORTS]
    assert sizes == [30, 120, 1500]
    with pytest.raises(ValueError, match="effort is 'huge'; it must be one of quick, standard, thorough"):
        Battery(0, "huge")


@each
def test_lines_that_are_always_tried_belong_to_their_requirement(id):
    for line in requirements()[id].lines:
        assert admits(requirements()[id], parse_case(line))


@each
def test_both_sides_build_the_same_calls(id, battery):
    """The child gets a pickled case and builds what the parent builds."""
    for case in battery.drawn(requirements()[id])[:6]:
        if not admits(requirements()[id], case):
            continue
        here, there = calls_of(id, case), calls_of(id, pickle.loads(pickle.dumps(case)))
        assert len(here) == len(there)
        for one, other in zip(here, there, strict=True):
            for name in ("x", "w", "bias"):
                left, right = getattr(one, name), getattr(other, name)
                assert (left is None) == (right is None)
                assert left is None or (left.dtype == right.dtype and left.tobytes() == right.tobytes())
            assert repr(one.but(x=0, w=0, bias=0)) == repr(other.but(x=0, w=0, bias=0))


def heard(id, case, outcomes, claims=EVERYTHING):
    trial = Trial(case, calls_of(id, case), outcomes)
    return requirements()[id].judge(Hearing(trial, Judge(claims, Numerics()), lambda call: Expected(trial.calls[call])))


def few(id, battery):
    """Three small cases; none in which sums overflow on the way, where an infinity or a NaN would do as well."""
    requirement = requirements()[id]
    small = (
        case for case in battery.drawn(requirement)
        if case.data != "swell" and case.numbers < 400 and admits(requirement, case)
        and (not case.is_valid or case.multiplications < 1200)
    )
    return list(itertools.islice(small, 3))


@pytest.fixture(scope="module")
def answers(battery):
    """What the specification answers to three small cases of each requirement."""
    return {id: [(case, perform(reference, calls_of(id, case))) for case in few(id, battery)] for id in requirements()}


@each
def test_the_specification_breaks_no_requirement(id, answers):
    assert len(answers[id]) == 3
    for case, outcomes in answers[id]:
        assert heard(id, case, outcomes) is None, case.line


@each
def test_a_wrong_answer_breaks_each_requirement(id, answers):
    """Wrong numbers, a wrong width where only the shape counts, or an array where nothing may come."""
    if catalogue()[id].informs:
        return
    done = {"changed": ("x",), "aliases": ("w",), "disturbed": ("the random state",)}
    for case, outcomes in answers[id]:
        wrong = tuple(Outcome("returned", spoilt(id, outcome.value), **done) for outcome in outcomes)
        empty = all(outcome.value is not None and outcome.value.size == 0 for outcome in outcomes)
        assert heard(id, case, wrong) is not None or (empty and not id.startswith("SHP")), case.line


def spoilt(id, value):
    if value is None:
        return np.ones((1, 1, 1, 1))
    if id.startswith("SHP"):
        value = np.concatenate([value, value[..., :1]], axis=-1)
    with np.errstate(all="ignore"):
        wrong = value * value.dtype.type(3) + value.dtype.type(7)
    return wrong if value.dtype.kind in "iu" else np.where(np.isfinite(value), wrong, value.dtype.type(0))


@each
def test_what_raises_breaks_all_but_the_refusals(id, answers):
    """An exception instead of an answer."""
    if catalogue()[id].informs:
        return
    for case, _ in answers[id]:
        raised = (Outcome("raised", None, "ValueError: no"),) * len(calls_of(id, case))
        # What is empty may be refused, too.
        may_refuse = not requirements()[id].valid or id == "DTY-03" or 0 in (case.w_shape[0], *case.x_shape[-2:])
        assert (heard(id, case, raised) is None) == may_refuse


def test_admitting_is_a_question_that_never_raises():
    absurd = Case((), (1,), stride=None, padding="x", dilation="y", groups=None, data="int")
    for requirement in requirements().values():
        assert admits(requirement, absurd) in (True, False)


def test_only_claimed_dtypes_are_of_interest_to_a_requirement():
    assert not admits(requirements()["DTY-02"], Case((1, 1, 3, 3), (1, 1, 2, 2), dtype="float32"))
    assert {case.dtype for case in Battery(0, "quick").drawn(requirements()["DTY-02"])} <= set(INTEGERS)


def test_selecting():
    assert select(()) == tuple(catalogue())
    assert select(("pad-04", "BIA")) == ("PAD-04", "BIA-01", "BIA-02")
    with pytest.raises(ValueError, match="'PADD' is neither a requirement nor a family; families are DEF, SHP, PAD"):
        select(("PAD", "PADD"))
