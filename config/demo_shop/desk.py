"""The demo's support desk: what customers asked lately, and how it went on."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from crm.channels import Channel
from support.models import Direction, Message, Ticket, TicketChange, TicketKind, TicketState

# Kind, subject, what the customer wrote, what we answered.
MATTERS = [
    (
        TicketKind.COMPLAINT,
        "Hộp trà bị móp",
        "Hộp trà bị móp một góc, nhưng trà bên trong vẫn ổn. Shop xem giúp mình nhé.",
        "Dạ Trà Mộc xin lỗi anh chị. Bên em gửi bù hộp mới trong hôm nay ạ.",
    ),
    (
        TicketKind.QUESTION,
        "Pha trà sen bao nhiêu độ?",
        "Cho mình hỏi trà sen Tây Hồ nên pha ở bao nhiêu độ, mấy phút?",
        "Dạ khoảng 85 độ, hãm hai phút rồi rót hết nước đầu ạ.",
    ),
    (
        TicketKind.ORDER,
        "Bao giờ đơn của tôi tới?",
        "Tôi đặt từ hôm kia mà chưa thấy giao. Nhờ shop kiểm tra.",
        "Dạ đơn đang ở kho Đà Nẵng, mai anh chị nhận được ạ.",
    ),
    (
        TicketKind.QUESTION,
        "Corporate gift boxes",
        "Hello, do you make gift boxes with our logo? We need about forty before Tết.",
        "Yes, from twenty boxes on. May I send you two designs by Friday?",
    ),
    (
        TicketKind.COMPLAINT,
        "Giao nhầm loại trà",
        "Mình đặt ô long Mộc Châu mà nhận được trà lài. Mình cần đổi lại.",
        "Dạ em xin lỗi, chiều nay bên em tới đổi tận nhà ạ.",
    ),
    (
        TicketKind.ORDER,
        "Đổi địa chỉ nhận hàng",
        "Nhờ shop giao về văn phòng giúp mình, 15 Lý Thường Kiệt.",
        "Dạ em đã đổi địa chỉ rồi ạ.",
    ),
    (
        TicketKind.OTHER,
        "Cảm ơn Trà Mộc",
        "Trà thơm dịu, nước xanh, cả nhà đều thích. Cảm ơn shop.",
        "Dạ Trà Mộc cảm ơn anh chị nhiều ạ.",
    ),
]


def write(
    customers: Sequence[tuple[int, str, str]], staff: Sequence[int | None], now: datetime, random: Random
) -> None:
    """A ticket for each of these customers (id, name, address): most solved, the latest still open."""
    tickets, messages, changes = [], [], []
    for number, (customer, name, address) in enumerate(customers):
        kind, subject, asked, answered = random.choice(MATTERS)
        age = timedelta(hours=2 + number * 3) if number < 14 else timedelta(days=random.uniform(2, 300))
        opened, by = now - age, random.choice(staff)
        answered_at = min(opened + timedelta(minutes=random.randrange(15, 400)), now)
        state = (
            TicketState.SOLVED
            if number >= 14
            else random.choice([TicketState.OPEN, TicketState.OPEN, TicketState.WAITING])
        )
        ticket = Ticket(
            kind=kind,
            subject=subject,
            state=state,
            customer_id=customer,
            assignee_id=by if state != TicketState.OPEN else None,
            channel=Channel.EMAIL,
            opened_at=opened,
            last_message_at=opened if state == TicketState.OPEN else answered_at,
            last_text=(asked if state == TicketState.OPEN else answered)[:200],
        )
        tickets.append(ticket)
        messages.append(
            Message(
                ticket=ticket,
                direction=Direction.IN,
                channel=Channel.EMAIL,
                address=address,
                name=name,
                text=asked,
                at=opened,
            )
        )
        if state == TicketState.OPEN:
            continue
        messages.append(
            Message(
                ticket=ticket,
                direction=Direction.OUT,
                channel=Channel.EMAIL,
                address=address,
                author_id=by,
                text=answered,
                at=answered_at,
                delivery="sent",
            )
        )
        if state == TicketState.SOLVED:
            changes.append(
                TicketChange(ticket=ticket, state=state, at=min(answered_at + timedelta(hours=3), now), by_id=by)
            )
    Ticket.objects.bulk_create(tickets)
    Message.objects.bulk_create(messages)
    TicketChange.objects.bulk_create(changes)
