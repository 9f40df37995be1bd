"""What happens inside a recurrent network: the gradient at each time step. See README.md beside this
file.
"""

import sys

__all__ = ["gradient_flow", "plot"]

# `python -m rnnapps.diagnostics` imports this package first, and loads Keras quietly itself. While it
# looks for the module, sys.argv[0] is "-m".
if sys.argv[:1] != ["-m"]:
    from rnnapps.diagnostics.gradient_flow import gradient_flow
    from rnnapps.diagnostics.plots import plot
