"""Help in plain text, in which commands and options stand in named groups.

Typer shows groups in boxes that rich draws, and imports rich for that; plain text is quicker, and can be piped.
"""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperGroup

from .options import MORE

ARGUMENTS, OPTIONS, COMMANDS = "Arguments", "Options", "Commands"


class PlainCommand(TyperCommand):
    """A command whose options stand in the groups that their `rich_help_panel` names."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, then the options by groups, those of no group first."""
        _write_parameters(self, ctx, formatter)


class PlainGroup(TyperGroup):
    """A group of commands that stand in the groups that their `rich_help_panel` names."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the options, then the commands by groups."""
        _write_parameters(self, ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands by groups, those of no group first."""
        groups: dict[str, list[tuple[str, str]]] = {}
        visible = [(name, command) for name in self.list_commands(ctx) if (command := self.get_command(ctx, name))]
        widest = max((len(name) for name, _ in visible), default=0)
        for name, command in visible:
            if not command.hidden:
                help_text = command.get_short_help_str(formatter.width - 6 - widest)
                groups.setdefault(_group_of(command, COMMANDS), []).append((name, help_text))
        _write_groups(groups, COMMANDS, formatter)


def _write_parameters(command: Any, ctx: Any, formatter: Any) -> None:
    groups: dict[str, list[tuple[str, str]]] = {}
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is not None:
            own = OPTIONS if parameter.param_type_name == "option" else ARGUMENTS
            groups.setdefault(_group_of(parameter, own), []).append(record)
    _write_groups(groups, OPTIONS, formatter)


def _group_of(item: Any, otherwise: str) -> str:
    """The group that an option or command names; typer marks those that name none."""
    group = getattr(item, "rich_help_panel", None)
    return group if isinstance(group, str) and group else otherwise


def _write_groups(groups: dict[str, list[tuple[str, str]]], first: str, formatter: Any) -> None:
    order = {ARGUMENTS: 0, first: 1, MORE: 3}
    for name in sorted(groups, key=lambda each: order.get(each, 2)):  # stable: the rest as they come
        with formatter.section(name):
            formatter.write_dl(groups[name])
