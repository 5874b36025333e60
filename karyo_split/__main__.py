"""`python -m karyo_split`: the same as the command `karyo-split`."""

from .pipeline.cli import main

if __name__ == "__main__":
    main()
