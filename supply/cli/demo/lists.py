"""Lists that the manager of the demo brings along: suppliers that came in, items with a row that is wrong."""

from __future__ import annotations

from sqlalchemy.orm import Session

from supply.cli.demo.founding import House
from supply.domain.imports import applying, service
from supply.domain.imports.models import ImportFile, ImportKind
from supply.domain.imports.schemas import given_file
from supply.i18n import speaking

SUPPLIERS = """Mã;Tên;Email;Điện thoại;Ngày nhận đơn;Thời gian giao hàng (ngày)
huong-rung;Hương Rừng;donhang@huongrung.example;024 3000 0001;T2, T5;3
"""
ITEMS = """Mã;Tên tiếng Việt;Tên tiếng Anh;Nhóm hàng;Đơn vị tồn kho;Thời hạn bảo quản (ngày)
la-lot;Lá lốt;Wild betel leaf;thảo dược;kg;14
tinh-dau-que;Tinh dầu quế;Cinnamon oil;tinh dầu;lít;730
muoi-hong;Muối hồng;Pink salt;gia vị;kg;một năm
"""


def give(session: Session, *, house: House) -> None:
    """The suppliers are applied; the items wait for somebody to correct the row, in the manager's words."""
    with speaking("vi"):
        file = _looked_at(session, house, ImportKind.SUPPLIERS, "nha-cung-cap.csv", SUPPLIERS)
        applying.apply_import(session, house.manager, file.id, version=file.version)
        _looked_at(session, house, ImportKind.ITEMS, "mat-hang-moi.csv", ITEMS)


def _looked_at(session: Session, house: House, kind: ImportKind, name: str, text: str) -> ImportFile:
    given = given_file(text.encode())
    file = service.open_import(
        session,
        house.manager,
        branch_id=house.branch_id,
        kind=kind,
        file_name=name,
        digest=given.digest,
        table=given.table,
    )
    columns = {
        column: {"place": source.place, "otherwise": source.otherwise}
        for column, source in service.sources_of(file).items()
    }
    return service.preview(session, house.manager, file.id, version=file.version, columns=columns)
