"""What the commands of the command line do. One module a command, imported when it is called."""
