"""A results file that means harm: markup, escapes, right-to-left text and numbers that are none."""

import numpy as np
from sample_results import Line, adapter, array, catalogue, example, footer, header, verdict

NAME = "<script>alert(1)</script>\"'>&<img src=x onerror=alert(1)>"
# An implementation's words: markup that would end an element, a colour of the terminal, an override of the direction.
TRACEBACK = """Traceback (most recent call last):
  File "</bdi></pre><h1>conforms</h1>", line 1, in <module>
ValueError: \x1b[31m</script><svg onload=alert(1)>\u202egnihton\u202c {{ 7*7 }} ${7*7}"""
HEBREW = "\u05e9\u05dc\u05d5\u05dd"
ARABIC = "\u0645\u0631\u062d\u0628\u0627"


def odd_numbers() -> Line:
    """A counterexample in which nothing is an ordinary number."""
    x = np.array([[[[np.nan, np.inf, -np.inf, -0.0], [1e308, 5e-324, 1.0, np.nan]]]])
    w = np.array([[[[1.0, np.inf]]]])
    with np.errstate(all="ignore"):
        line = example(x, w, np.full((1, 1, 2, 3), -np.inf), identity="0dd0000000")
    return {**line, "error": "inf", "bound": "nan", "bound_text": "inf \u00b7 nan", "at": [0, 0, 0, 0]}


def raised() -> Line:
    """A counterexample that raised."""
    x, w = np.ones((1, 1, 2, 2)), np.ones((1, 1, 2, 2))
    line = example(x, w, None, identity="bad0000000", got_text=TRACEBACK, message=TRACEBACK, repro=f"convspec {NAME}")
    return {**line, "x": {**array(x), "dtype": "<b>float64"}}


def hostile() -> list[Line]:
    """Three adapters with hostile names, each failing in a hostile way."""
    requirements = catalogue()
    names = [NAME, HEBREW, f"{ARABIC} (1)"]
    lines = [header(names), *requirements]
    lines += [
        adapter(
            name,
            name=TRACEBACK,
            versions={NAME: HEBREW},
            bridged={NAME: ARABIC},
            native=[NAME],
            numerics={NAME: float("1e300")},
            deviations=[{"requirements": ["PAD-01"], "reason": TRACEBACK, "link": "javascript:alert(1)", "seen": True}],
        )
        for name in names
    ]
    for requirement in requirements:
        for number, name in enumerate(names):
            more: Line = {"evidence": {"dtype": {NAME: 3, "float64": 2}, NAME: {HEBREW: 1}}}
            outcome = "passed" if requirement["status"] == "core" else "planned"
            if requirement["id"] in ("DEF-01", "NUM-01", "SPC-01") and outcome == "passed":
                outcome = "failed"
                more |= {"counterexample": (odd_numbers(), raised(), odd_numbers())[number], "worst_ratio": "inf"}
                more |= {"reason": TRACEBACK, "diagnosis": {"sentence": f"{HEBREW} {TRACEBACK}"}}
            lines.append(verdict(name, requirement["id"], outcome, **more))
    return [*lines, footer()]
