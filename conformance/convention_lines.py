"""The file of conventions: the topics, the libraries, and one line for each cell, measured in this run."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

from convspec.adapters.native import LIBRARIES, Library
from convspec.conformance.convention_topics import TOPICS
from convspec.conformance.conventions import GENERAL, Topic, word
from convspec.conformance.machine import environment
from convspec.conformance.native import SECONDS, measure
from convspec.conformance.results import array_line

Line = dict[str, Any]

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Plan:
    """What to measure, and what the file says of its making."""

    version: str
    date: str
    told: Callable[[str], None] = lambda text: None
    topics: Sequence[Topic] = TOPICS
    libraries: Sequence[Library] = LIBRARIES
    seconds: float = SECONDS


def conventions(plan: Plan) -> Generator[Line, None, None]:
    """Measure every library on every topic.

    Yields
    ------
    dict
        The header, the topics, then each library with its cells, and the footer.
    """
    yield {
        "type": "header",
        "kind": "conventions",
        "schema_version": SCHEMA_VERSION,
        "suite": {"name": "convspec", "version": plan.version},
        "date": plan.date,
        "environment": environment(),
        "words": GENERAL,
        "specification": LIBRARIES[0].id,
    }
    for topic in plan.topics:
        yield _topic_line(topic)
    cells = 0
    for library in plan.libraries:
        plan.told(library.function)
        programs = {topic.id: library.program(topic.id, topic.inputs, layer=topic.layer) for topic in plan.topics}
        found = measure(library, programs, plan.seconds)
        yield {
            "type": "library",
            "id": library.id,
            "name": library.name,
            "function": library.function,
            "version": found.version,
            "available": bool(found.version),
            "reason": found.reason,
        }
        for topic in plan.topics if found.version else ():
            answer = found.answers[topic.id]
            cells += 1
            yield {
                "type": "cell",
                "topic": topic.id,
                "library": library.id,
                "call": library.calls[topic.id],
                "program": programs[topic.id],
                "kind": answer["kind"],
                "array": answer.get("array"),
                "error": answer.get("error", ""),
                "text": answer.get("text", ""),
                "word": word(answer, topic.meanings),
            }
    yield {"type": "footer", "cells": cells}


def _topic_line(topic: Topic) -> Line:
    return {
        "type": "topic",
        "id": topic.id,
        "title": topic.title,
        "question": topic.question,
        "matters": topic.matters,
        "requirements": list(topic.requirements),
        "x": array_line(topic.x),
        "w": array_line(topic.w),
        "meanings": [
            {"word": one.word, "sentence": one.sentence, "answers": [array_line(answer) for answer in one.answers]}
            for one in topic.meanings
        ],
    }
