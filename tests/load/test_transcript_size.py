"""The transcript of a student with 5,000 records."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BOUND = 1_500 * 2**20
"""Bytes that a process may take; 5,000 records were measured at 0.7 GB."""


@pytest.mark.needs("poppler")
def test_five_thousand_records(tmp_path: Path) -> None:
    """The file is complete, to the last row, and made within bounded memory; typst forgets it again."""
    pdf = tmp_path / "large.pdf"
    code = (
        "import sys; from sample_documents import many_courses; from emrex_gateway import transcript;"
        "from emrex_gateway.domain import AttachmentType as T; from pathlib import Path;"
        "d = many_courses(5000);"
        "[Path(sys.argv[1]).write_bytes(transcript.render(d, kind=T.EMREX_TRANSCRIPT)) for _ in (1, 2)]"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(pdf)],
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests' / 'support'}"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (BOUND, BOUND)),
        check=True,
    )
    text = subprocess.run(
        ["pdftotext", "-raw", pdf, "-"], capture_output=True, check=True, text=True
    ).stdout

    assert 5000 == sum(f"Code: C0{n:04d}" in text for n in range(5000))
    assert "Passed studies in total: 25000 ECTS" in text.replace("\n", " ")
