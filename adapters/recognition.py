"""What a plain function claims, read off its signature and the answers to the probing calls.

An answer, right or wrong, is a claim. So is a call that breaks: an index out of range on a valid call is a fault and
no reason to leave the call out. Only a refusal means "not claimed": a parameter that is missing, a form of an argument
that raises `TypeError` where another form is taken, a ``raise`` or an ``assert`` that somebody wrote.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from convspec.adapters.probes import FORMS, OBLONG, SQUARE, UNKNOWN_WORD, Answer, named_dtype
from convspec.adapters.protocol import WORDS, Capabilities
from convspec.adapters.signatures import ROLES, Signature

ORDINARY_DTYPES = ("float64", "float32")
_NOT_OFFERED = Answer("refused", text="was not tried")


class NotCallable(ValueError):
    """A function that gives a convolution in no form that was tried."""


@dataclass(frozen=True)
class Reading:
    """What was recognised of a plain function.

    Parameters
    ----------
    capabilities : Capabilities
        What it claims.
    forms : mapping
        Role to the forms of its argument that were answered, the richest first: "sides", "pair", "one".
    not_claimed : mapping
        Feature that is not claimed to the reason.
    remarks : tuple of str
        What a reader of the verdict should know and what is no fault: "result always float64".
    limits : tuple of str
        Arguments that it has and refuses, in words that follow "conforms, for": "stride 1 only".
    """

    capabilities: Capabilities
    forms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    not_claimed: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()


def read_answers(
    signature: Signature, answers: Mapping[str, Answer], dtypes: tuple[str, ...], declared: Capabilities | None = None
) -> Reading:
    """Turn the answers of the probing calls into claims.

    Parameters
    ----------
    signature : Signature
    answers : mapping
        Name of a probe to what came of it.
    dtypes : tuple of str
        The element types that were tried.
    declared : Capabilities or None
        What the function declares: it narrows what is found, and does not widen it.

    Raises
    ------
    NotCallable
        Neither the layer nor the plane call gave an array that can be a convolution's; the message says what came.
    """
    return _Reader(signature, answers, dtypes).reading(declared)


class _Reader:
    """Reads the answers of one function, and notes what is not claimed and why."""

    def __init__(self, signature: Signature, answers: Mapping[str, Answer], dtypes: tuple[str, ...]) -> None:
        self.signature, self.answers, self.dtypes = signature, answers, dtypes
        self.not_claimed: dict[str, str] = {}
        self.remarks: list[str] = []
        self.form = self._form()

    def reading(self, declared: Capabilities | None) -> Reading:
        is_layer = self.form == "layer"
        forms = {role: self._forms(role) for role in FORMS}
        square_kernels, odd_kernels = self._kernels()
        dtypes, wider = self._dtypes()
        found = Capabilities(
            profile="layer" if is_layer else "plane",
            dtypes=dtypes,
            stride=_axes(forms["stride"]),
            padding=_sides(forms["padding"]),
            padding_words=self._words(),
            dilation=_axes(forms["dilation"]),
            groups=is_layer and self._takes("groups", "groups"),
            bias=is_layer and self._takes("bias", "bias"),
            square_kernels_only=square_kernels,
            odd_kernels_only=odd_kernels,
            square_pictures_only=self._refuses("oblong", "pictures that are not square"),
            exact_fit_only=self._needs_exact_fit(forms["stride"]),
            # No input channels is a corner of which few think: whatever it raises, it is not offered.
            zero_channels=is_layer and self._answers("zero channels", "no input channels"),
            wider_result=wider or not is_layer,
        )
        claimed = found if declared is None else _narrowed(found, declared)
        return Reading(claimed, forms, self.not_claimed, tuple(self.remarks), self._refused_arguments(claimed))

    def _refused_arguments(self, claimed: Capabilities) -> tuple[str, ...]:
        """Arguments that the signature offers, and that every call with them refused."""
        refused = {
            "stride": ("stride 1 only", claimed.stride == "none"),
            "padding": ("no padding", claimed.padding == "none" and not claimed.padding_words),
            "dilation": ("dilation 1 only", claimed.dilation == "none"),
        }
        return tuple(words for role, (words, holds) in refused.items() if holds and role in self.signature.roles)

    def _form(self) -> str:
        """The form of a convolution: a layer gives N pictures of C_out channels, a plane one picture."""
        for shape in ("oblong", "square"):
            for form in ("layer", "plane"):
                given = self.answers[f"{form} {shape}"].shape
                if given is not None and (given[:2] == (2, 3) and len(given) == 4 if form == "layer" else
                                          len(given) == 2):
                    return form
        tried = [
            f"x {(*lead, *size)} with w {(*filters, 3, 3)} {_told(self.answers[f'{form} {shape}'])}"
            for form, lead, filters in (("layer", (2, 2), (3, 2)), ("plane", (), ()))
            for shape, size in (("oblong", OBLONG), ("square", SQUARE))
        ]
        # What came back, though it is no array, says more than what was raised by calls of the other form.
        tried.sort(key=lambda told: " returned " not in told)
        raise NotCallable(f"it cannot be called as a convolution: {'; '.join(tried)}")

    def _answer(self, name: str) -> Answer:
        return self.answers.get(f"{self.form} {name}", _NOT_OFFERED)

    def _answers(self, name: str, feature: str) -> bool:
        """Whether an array came; else the feature is not claimed, whatever was raised."""
        answer = self._answer(name)
        if not answer.answered:
            self.not_claimed[feature] = f"one call with it {answer.text}"
        return answer.answered

    def _refuses(self, name: str, feature: str) -> bool:
        """Whether a call that needs no argument's form was refused."""
        answer = self._answer(name)
        if answer.came == "refused":
            self.not_claimed[feature] = f"one call with it {answer.text}"
        return answer.came == "refused"

    def _takes(self, role: str, name: str) -> bool:
        """Whether an argument of one form is taken; one that breaks the call counts as taken."""
        return not self._has_no_parameter(role) and not self._refuses(name, role)

    def _has_no_parameter(self, role: str) -> bool:
        if role in self.signature.roles:
            return False
        self.not_claimed[role] = f"its signature has no parameter named {' or '.join(ROLES[role][:2])}"
        return True

    def _forms(self, role: str) -> tuple[str, ...]:
        """The forms of an argument that are taken, the richest first."""
        if self._has_no_parameter(role):
            return ()
        came = {name: self._of_form(role, name) for name, _ in FORMS[role]}
        if role == "padding" and came["pair"].shape is not None and self._pads_like_numpy(came["pair"]):
            came["pair"] = Answer("another form", text="is taken as before and after, on both axes")
        taken = tuple(name for name, answer in came.items() if answer.answered)
        for name, answer in came.items():
            if name not in taken:
                self.not_claimed[_feature(role, name)] = f"one call with it {answer.text}"
        default = self.signature.roles[role].form
        # An argument that no form can use, and that nobody refuses, breaks every call: that is for the suite to find.
        if not taken and default in came and all(answer.came != "refused" for answer in came.values()):
            self.not_claimed.pop(_feature(role, default), None)
            return (default,)
        return taken

    def _of_form(self, role: str, name: str) -> Answer:
        """What came of a form; a stride that is refused where a row is left over is tried where none is."""
        answer = self._answer(f"{role} {name}")
        if role == "stride" and answer.came == "refused":
            fitting = self._answer(f"stride {name} fitting")
            return fitting if fitting.answered else answer
        return answer

    def _needs_exact_fit(self, forms: tuple[str, ...]) -> bool:
        refused = [name for name in forms if self._answer(f"stride {name}").came == "refused"]
        if refused:
            text = self._answer(f"stride {refused[0]}").text
            self.not_claimed["strides that leave rows or columns over"] = f"one call with them {text}"
        return bool(refused)

    def _pads_like_numpy(self, answer: Answer) -> bool:
        """Whether (1, 2) was taken as ``np.pad`` does, before and after on each axis: that is no pair of this form."""
        return self.signature.roles["padding"].form != "pair" and (answer.shape or ())[-2:] == (7, 7)

    def _kernels(self) -> tuple[bool, bool]:
        """Whether kernels must be square, and whether they must be odd."""
        if self._answer("kernel 2x3").came != "refused":
            return False, False
        square = self._refuses("kernel 1x3", "kernels that are not square")
        odd = self._refuses("kernel 2x2", "kernels with an even side")
        return square, odd

    def _words(self) -> tuple[str, ...]:
        if "padding" not in self.signature.roles:
            return ()
        words = tuple(word for word in WORDS if self._answers(f"padding {word}", f"padding {word}"))
        meaningless = self._answer(f"padding {UNKNOWN_WORD}").shape
        if words and meaningless is not None:
            # Only a word that does something else than nonsense does is known to be one.
            words = tuple(word for word in words if self._answer(f"padding {word}").shape != meaningless)
            self.not_claimed["padding words"] = "a word that means nothing is accepted too"
        return words

    def _dtypes(self) -> tuple[tuple[str, ...], bool]:
        """The element types that are claimed, and whether the result may be wider than the input."""
        results: dict[str, str] = {}
        for name in self.dtypes:
            answer = self._answer(f"dtype {name}")
            # Nobody says that a function of float takes whole numbers; that it takes floats goes without saying.
            if answer.answered or (answer.came == "broke" and name in ORDINARY_DTYPES):
                results[name] = answer.dtype or name
            else:
                self.not_claimed[f"dtype {name}"] = f"one call with it {answer.text}"
        always = set(results.values())
        if len(results) > 1 and len(always) == 1:
            (only,) = always
            self.remarks.append(f"result always {only}")
            for name in [name for name in results if not _holds(only, name)]:
                del results[name]
                self.not_claimed[f"dtype {name}"] = f"the result is always {only}, which is narrower"
        if any(_is_complex(result) and not _is_complex(name) for name, result in results.items()):
            self.remarks.append("the result of real numbers is complex")
        wider = any(result != name and _holds(result, name) for name, result in results.items())
        return tuple(results) or self.dtypes, wider


def _is_complex(dtype: str) -> bool:
    return dtype.startswith("complex")


def _axes(forms: tuple[str, ...]) -> Any:
    return "each" if "pair" in forms else "same" if forms else "none"


def _sides(forms: tuple[str, ...]) -> Any:
    return {"sides": "sides", "pair": "pair", "one": "same"}[forms[0]] if forms else "none"


def _feature(role: str, form: str) -> str:
    return {"sides": f"{role} for each side", "pair": f"{role} for each axis", "one": f"{role} as one number"}[form]


def _told(answer: Answer) -> str:
    return f"gave shape {answer.shape}" if answer.answered else answer.text


def _holds(result: str, name: str) -> bool:
    """Whether a result's dtype holds the numbers of an input's; a float64 counts as holding whole numbers."""
    if result == name or (result == "float64" and "int" in name):
        return True
    try:
        return bool(np.result_type(named_dtype(result), named_dtype(name)) == named_dtype(result))
    except TypeError:
        return False


def _narrowed(found: Capabilities, declared: Capabilities) -> Capabilities:
    """What is declared, as far as the function takes it."""
    return replace(
        declared,
        profile=found.profile,
        stride=declared.stride if declared.stride == "none" else found.stride,
        dilation=declared.dilation if declared.dilation == "none" else found.dilation,
        padding=declared.padding if declared.padding == "none" else found.padding,
        padding_words=tuple(
            word for word in found.padding_words if not declared.padding_words or word in declared.padding_words
        ),
        groups=declared.groups and found.groups,
        bias=declared.bias and found.bias,
        zero_channels=declared.zero_channels and found.zero_channels,
        square_kernels_only=declared.square_kernels_only or found.square_kernels_only,
        odd_kernels_only=declared.odd_kernels_only or found.odd_kernels_only,
        square_pictures_only=declared.square_pictures_only or found.square_pictures_only,
        exact_fit_only=declared.exact_fit_only or found.exact_fit_only,
    )
