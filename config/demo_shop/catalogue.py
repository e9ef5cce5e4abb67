"""What the demo shop sells: categories, products with prices in thousands of VND, and where it sells."""

from crm.channels import Channel

SHOP_NAME = "Trà Mộc"
LOCATIONS = ["Trà Mộc Hàng Bông", "Trà Mộc Pasteur", "Trà Mộc Bạch Đằng"]
# Name, channel, share of orders.
SALES_CHANNELS = [
    ("Website", Channel.WEBSITE, 36),
    ("Shopee", Channel.WEBSITE, 20),
    ("Zalo", Channel.MESSENGER, 14),
    ("Điện thoại", Channel.PHONE, 8),
    ("Cửa hàng", Channel.IN_PERSON, 22),
]
# Category: products as (SKU, name, price in thousands, weight).
CATALOGUE: dict[str, list[tuple[str, str, int, int]]] = {
    "Trà sen": [
        ("TS-100", "Trà sen Tây Hồ 100 g", 420, 9),
        ("TS-200", "Trà sen Tây Hồ 200 g", 790, 5),
        ("TS-TUI", "Trà sen túi lọc 20 gói", 145, 8),
    ],
    "Trà xanh": [
        ("TX-TC100", "Trà Tân Cương nõn tôm 100 g", 180, 12),
        ("TX-TC500", "Trà Tân Cương nõn tôm 500 g", 820, 4),
        ("TX-SHAN", "Trà shan tuyết Hà Giang 200 g", 360, 6),
        ("TX-NHAI", "Trà lài Bảo Lộc 200 g", 160, 7),
    ],
    "Trà ô long": [
        ("OL-MC100", "Trà ô long Mộc Châu 100 g", 210, 8),
        ("OL-SUA", "Ô long sữa 150 g", 260, 6),
        ("OL-KIM", "Kim tuyên thượng hạng 250 g", 540, 3),
    ],
    "Trà đen và thảo mộc": [
        ("TD-CO", "Hồng trà cổ thụ 100 g", 240, 5),
        ("TM-ATISO", "Atisô Đà Lạt 20 gói", 110, 6),
        ("TM-GUNG", "Trà gừng mật ong 15 gói", 95, 7),
        ("TM-HOACUC", "Hoa cúc chi 50 g", 130, 5),
    ],
    "Cà phê": [
        ("CF-ROB", "Cà phê robusta Buôn Ma Thuột 500 g", 190, 8),
        ("CF-ARA", "Cà phê arabica Cầu Đất 500 g", 280, 6),
        ("CF-PHIN", "Phin nhôm truyền thống", 65, 4),
    ],
    "Ấm chén": [
        ("AC-180", "Ấm tử sa 180 ml", 1250, 2),
        ("AC-BT", "Bộ ấm chén Bát Tràng", 690, 3),
        ("AC-CHEN", "Chén men lam, đôi", 180, 4),
        ("AC-KHAY", "Khay trà gỗ hương", 950, 1),
    ],
    "Hộp quà": [
        ("HQ-TET", "Hộp quà Tết An Khang", 1480, 3),
        ("HQ-THU", "Hộp quà Trung thu", 860, 3),
        ("HQ-NHO", "Hộp quà nhỏ hai vị", 390, 5),
        ("HQ-DN", "Hộp quà doanh nghiệp", 2350, 1),
    ],
}
# How strongly a month sells: Tết, the mid-autumn festival and the November sales stand out.
SEASON = {1: 1.7, 2: 1.1, 3: 0.8, 4: 0.8, 5: 0.85, 6: 0.75, 7: 0.75, 8: 1.05, 9: 1.4, 10: 0.95, 11: 1.25, 12: 1.45}
# Past campaigns: days ago, name, subject.
CAMPAIGNS = [
    (395, "Trà mới tháng mười", "Trà mới về: ô long Mộc Châu"),
    (330, "Quà Tết sớm", "Hộp quà Tết An Khang đã sẵn sàng"),
    (262, "Khai xuân", "Ấm trà đầu năm, giảm 10 % cho khách quen"),
    (190, "Mùa sen", "Sen Tây Hồ đang mùa, {{ customer.first_name | default: 'bạn' }} ơi"),
    (124, "Trà lạnh mùa hè", "Ba cách ủ trà lạnh cho ngày nóng"),
    (78, "Trung thu", "Hộp quà Trung thu: đặt trước, giao tận nhà"),
    (33, "Lâu rồi không gặp", "Trà Mộc nhớ {{ customer.first_name | default: 'bạn' }}"),
    (9, "Winter teas are here", "Trà mùa đông đã về"),
]
