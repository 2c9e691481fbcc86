"""The import contract that import-linter lacks: an allow-list. What is not named may not be imported."""

from __future__ import annotations

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class Allowed(Contract):
    """The modules below `source_modules` import of our package what `allowed_modules` name, and nothing else.

    `module`: that module and all below it; `module only`: itself alone.
    """

    source_modules = fields.ListField(subfield=fields.StringField())
    allowed_modules = fields.ListField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        sources: list[str] = self.source_modules  # type: ignore[assignment]
        allowed: list[str] = self.allowed_modules or []  # type: ignore[assignment]
        found = sorted({(module, imported) for source in sources
                        for module in {source, *graph.find_descendants(source)}
                        for imported in graph.find_modules_directly_imported_by(module)
                        if imported.split(".")[0] == source.split(".")[0]
                        and not any(_within(imported, place) for place in (*sources, *allowed))})
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for module, imported in check.metadata["found"]:
            output.print_error(f"{module} imports {imported}, which is not on its list.")


def _within(module: str, place: str) -> bool:
    name, _, alone = place.partition(" ")
    return module == name or (not alone and module.startswith(f"{name}."))
