"""The results of a folder of homework, made from the catalogue, for the tests of the pages."""

from sample_results import Line, adapter, catalogue, flipped, footer, header, verdict


def homework(number: int) -> list[Line]:
    """A folder of homework functions in the plane profile, every third of them wrong."""
    requirements = catalogue()
    plane = [
        r["id"]
        for r in requirements
        if r["status"] == "core" and (r["profile"] == "plane" or r["id"] == "SHP-08")
    ]
    # A file holds a verdict on each of its requirements.
    requirements = [r for r in requirements if r["id"] in plane]
    names = [f"homework/student{i:02d}.py:conv" for i in range(number)]
    lines: list[Line] = [header(names), *requirements]
    for i, name in enumerate(names):
        lines.append(
            adapter(
                name,
                profile="plane",
                versions={},
                name="conv",
                bridged={},
                native=["stride", "padding"],
                capabilities={"dtypes": ["float64"], "stride": "same", "padding": "same", "dilation": "none"},
                not_claimed=[
                    {"feature": "dilation", "reason": "its signature has no parameter of that name"},
                    {"feature": "groups", "reason": "its signature has no parameter of that name"},
                ],
            )
        )
        for identity in plane:
            outcome, changes = "passed", {}
            if i % 3 == 1 and identity in ("DEF-02", "LAW-04"):
                outcome, changes = "failed", {"counterexample": flipped()}
            if identity == "SHP-08":
                outcome = "info"
                changes = {
                    "reason": "It returns an empty array of shape (0, 0) where the kernel does not fit."
                }
            lines.append(verdict(name, identity, outcome, **changes))
    return [*lines, footer()]
