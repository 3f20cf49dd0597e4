"""``python -m emrex_gateway`` is the command ``emrex-gateway``."""

from emrex_gateway.cli import main

if __name__ == "__main__":
    main(prog_name="emrex-gateway")
