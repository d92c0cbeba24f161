"""Writes a workbook of the rows in a JSON file, with openpyxl or odfpy by the ending: for the suite, which makes its records anew for each case.

Numbers are numbers and days are days, as in a sheet that somebody keeps.
"""

import datetime
import json
import re
import sys


def value(text):
    """A cell's value, as a spreadsheet makes it of what is typed in."""
    if re.fullmatch(r"\d{1,9}", text):
        return int(text)
    if re.fullmatch(r"\d\d/\d\d/\d{4}", text):
        day, month, year = map(int, text.split("/"))
        return datetime.date(year, month, day)
    return text


def xlsx(rows, path):
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    for number, row in enumerate(rows, 1):
        for column, text in enumerate(row, 1):
            if text:
                sheet.cell(number, column, value(text))
    sheet.merge_cells("A1:E1")
    book.save(path)


def ods(rows, path):
    from odf.opendocument import OpenDocumentSpreadsheet
    from odf.table import Table, TableCell, TableRow
    from odf.text import P

    book = OpenDocumentSpreadsheet()
    table = Table(name="Foglio1")
    for row in rows:
        line = TableRow()
        for text in row or [""]:
            made = value(text)
            if isinstance(made, int):
                cell = TableCell(valuetype="float", value=str(made))
            elif isinstance(made, datetime.date):
                cell = TableCell(valuetype="date", datevalue=made.isoformat())
            elif text:
                cell = TableCell(valuetype="string")
            else:
                cell = TableCell()
            for paragraph in text.split("\n") if text else []:
                cell.addElement(P(text=paragraph))
            line.addElement(cell)
        table.addElement(line)
    book.spreadsheet.addElement(table)
    book.save(path)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as given:
        rows = json.load(given)["rows"]
    (xlsx if sys.argv[2].endswith(".xlsx") else ods)(rows, sys.argv[2])
