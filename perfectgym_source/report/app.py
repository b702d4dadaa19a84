"""The report as a marimo app: filters, and the charts of what they leave.

`server` says which marts it shows; this module only arranges.
"""

import marimo

app = marimo.App(width="full", app_title="Gym report")


@app.cell
def _():
    import marimo as mo

    from perfectgym_source.errors import PerfectGymError
    from perfectgym_source.report import page, sections, server, words

    mo.Html(page.style())
    return PerfectGymError, mo, page, sections, server, words


@app.cell
def _(PerfectGymError, mo, page, sections, server, words):
    try:
        choices = sections.read_choices(server.marts())
    except PerfectGymError as _error:
        mo.stop(True, mo.Html(page.part(page.problem(_error))))
    mo.stop(not choices.months, mo.Html(page.part(page.nothing_complete())))

    _shown = choices.filters()
    _months = {words.month_name(month): month for month in reversed(choices.months)}
    clubs = mo.ui.multiselect({name: key for key, name in choices.clubs.items()}, label="Clubs")
    start = mo.ui.dropdown(_months, words.month_name(_shown.start), label="From")
    end = mo.ui.dropdown(_months, words.month_name(_shown.end), label="To")
    currency = mo.ui.dropdown(
        {name or words.NO_CURRENCY: name for name in choices.currencies},
        _shown.currency or words.NO_CURRENCY,
        label="Currency",
    )
    return clubs, currency, end, start


@app.cell
def _(PerfectGymError, clubs, currency, end, mo, page, sections, server, start):
    try:
        report = sections.read(
            server.marts(),
            start=start.value,
            end=end.value,
            currency=currency.value,
            clubs=clubs.value,
        )
    except PerfectGymError as _error:
        mo.stop(True, mo.Html(page.part(page.problem(_error))))
    _several = [currency] if len(report.choices.currencies) > 1 else []
    mo.vstack(
        [
            mo.Html(page.part(page.heading(report))),
            mo.hstack([clubs, start, end, *_several], justify="start", wrap=True),
            mo.Html(page.part(page.headline_tiles([report]))),
        ]
    )
    return (report,)


@app.cell
def _(mo, page, report):
    mo.Html(page.part(page.group("Members", [report])))


@app.cell
def _(mo, page, report):
    mo.Html(page.part(page.group("Money", [report])))


@app.cell
def _(mo, page, report):
    mo.Html(page.part(page.group("Visits and classes", [report])))


@app.cell
def _(mo, page, report):
    mo.Html(page.part(page.group("Retention", [report])))


if __name__ == "__main__":
    app.run()
