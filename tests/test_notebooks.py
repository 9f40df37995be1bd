"""The notebooks run from top to bottom, here with small values of their parameters."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted(Path(__file__).parent.parent.glob("notebooks/*.ipynb"))
SMALL_FORM = {
    "01_sentiment.ipynb": {"epochs": 1, "batch_size": 256, "max_length": 8},
    "02_translation.ipynb": {"most_pairs": 60, "epochs": 1, "sentences": 20},
    "03_captioning.ipynb": {"pictures": 8},
    "04_keywords.ipynb": {"epochs": 1},
    "05_dna.ipynb": {"averaged": 2},
    "06_language_model.ipynb": {"epochs": 1, "speeches": 1, "length": 40},
    "07_forecasting.ipynb": {"epochs": 1, "stride": 24},
    "08_handwriting.ipynb": {"lines": 8, "beam": 4},
    "09_speech.ipynb": {"recordings": 8, "beam": 4},
}


def in_small_form(notebook, values):
    """With a cell behind the one that is tagged `parameters`, as papermill has it."""
    (place,) = (
        number
        for number, cell in enumerate(notebook.cells)
        if "parameters" in cell.metadata.get("tags", ())
    )
    for name in values:
        assert f"\n{name} = " in notebook.cells[place].source
    source = "\n".join(f"{name} = {value!r}" for name, value in values.items())
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["injected-parameters"]})
    notebook.cells.insert(place + 1, cell)
    return notebook


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_runs(path, tmp_path):
    notebook = in_small_form(nbformat.read(path, as_version=4), SMALL_FORM[path.name])
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()  # raises on an error in a cell


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_is_committed_with_its_outputs_and_without_model_code(path):
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in cells)
    assert not any(output.output_type == "error" for cell in cells for output in cell.outputs)
    assert not any("keras.layers" in cell.source or "keras.Model" in cell.source for cell in cells)
