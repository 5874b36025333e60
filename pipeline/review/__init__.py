"""Review by hand: edits of a finished folder, their log, and the page on which they are made.

`edit_log` holds what was done, `replay` what follows from it, `verbs` what can be done; `reviewed_folder` writes the
files of a folder anew from the first answer and the edits. None of these needs the server or the networks.
"""
