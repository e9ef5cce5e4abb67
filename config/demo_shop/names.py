"""Names, places and words of the demo's people. Invented people: addresses end in domains that are reserved for examples."""

SURNAMES = {
    "Nguyễn": 38, "Trần": 11, "Lê": 10, "Phạm": 7, "Hoàng": 5, "Huỳnh": 4, "Phan": 4, "Vũ": 4, "Võ": 3, "Đặng": 3,
    "Bùi": 2, "Đỗ": 2, "Hồ": 2, "Ngô": 2, "Dương": 1, "Lý": 1, "Đinh": 1, "Trịnh": 1, "Mai": 1, "Tạ": 1,
}  # fmt: skip
MIDDLE_FEMALE = ["Thị", "Thị", "Thị Hồng", "Ngọc", "Thu", "Thanh", "Minh", "Bích", "Thùy", "Mỹ", "Khánh", "Hoài"]
GIVEN_FEMALE = [
    "Ánh", "Lan", "Hương", "Mai", "Linh", "Trang", "Thảo", "Ngọc", "Dung", "Hà", "Yến", "Nhung", "Phương", "Hạnh", "Châu", "Vy",
    "Hiền", "Duyên", "Thủy", "Loan", "Quỳnh", "Tuyết", "My", "Nga", "Diệp", "Trâm", "Oanh", "Thư",
]  # fmt: skip
MIDDLE_MALE = ["Văn", "Văn", "Đức", "Minh", "Quốc", "Hoàng", "Gia", "Xuân", "Thanh", "Anh", "Hữu", "Nhật"]
GIVEN_MALE = [
    "Anh", "Bảo", "Cường", "Dũng", "Đạt", "Hải", "Hiếu", "Hùng", "Huy", "Khang", "Khoa", "Kiên", "Long", "Minh", "Nam", "Phúc",
    "Quân", "Quang", "Sơn", "Tâm", "Thắng", "Thịnh", "Tiến", "Trung", "Tuấn", "Tùng", "Việt", "Vinh",
]  # fmt: skip
ENGLISH_GIVEN = [
    "Emily", "James", "Olivia", "Daniel", "Sophie", "Thomas", "Grace", "Oliver", "Hannah", "Lucas", "Chloe", "Matthew", "Amelia",
    "Ben", "Rachel", "Peter", "Julia", "Mark", "Anna", "David",
]  # fmt: skip
ENGLISH_SURNAMES = [
    "Smith", "Taylor", "Brown", "Wilson", "Evans", "Walker", "Wright", "Hughes", "Green", "Hall", "Carter", "Murphy", "O'Brien",
    "Clarke", "Baker", "Turner", "Cooper", "Morris", "Reed", "Ward",
]  # fmt: skip
ORGANISATIONS = [
    "Công ty TNHH {}", "Quán cà phê {}", "Nhà hàng {}", "Khách sạn {}", "Tiệm bánh {}", "Văn phòng {}", "Công ty Cổ phần {}", "Spa {}",
]  # fmt: skip
ORGANISATION_WORDS = [
    "Sao Khuê", "An Nhiên", "Hoa Sữa", "Bình Minh", "Phố Cổ", "Sen Vàng", "Gió Biển", "Mộc Lan", "Ánh Dương", "Thiên Ý", "Hương Quê",
    "Trúc Xanh", "Cửu Long", "Đại Nam", "Mây Trắng", "Phương Nam", "Bến Xuân", "Hồng Hà", "Tràng An", "Lam Kinh",
]  # fmt: skip
# City or province, its share, and how people also write it.
CITIES = {
    "Hồ Chí Minh": (34, ["TP.HCM", "Tp Hồ Chí Minh", "ho chi minh"]),
    "Hà Nội": (30, ["Ha Noi", "HN"]),
    "Đà Nẵng": (9, ["Da Nang"]),
    "Hải Phòng": (5, ["Hai Phong"]),
    "Cần Thơ": (5, ["Can Tho"]),
    "Huế": (4, []),
    "Khánh Hòa": (4, ["Nha Trang"]),
    "Lâm Đồng": (4, ["Đà Lạt"]),
    "Nghệ An": (3, []),
    "Quảng Ninh": (2, []),
}
STREETS = [
    "Tô Ngọc Vân", "Lý Thường Kiệt", "Nguyễn Trãi", "Lê Lợi", "Trần Hưng Đạo", "Hai Bà Trưng", "Phan Đình Phùng", "Điện Biên Phủ",
    "Nguyễn Huệ", "Võ Văn Tần", "Hàng Bông", "Bà Triệu", "Pasteur", "Cách Mạng Tháng Tám", "Xuân Thủy",
]  # fmt: skip
MAIL_DOMAINS = ["example.com", "example.net", "example.org", "hopthu.example", "thu.example"]
MOBILE_PREFIXES = ["90", "91", "93", "94", "96", "97", "98", "86", "88", "70", "76", "79", "81", "32", "35", "38", "56"]
SOURCES = {"Website": 34, "Facebook": 24, "Shopee": 18, "Cửa hàng": 14, "Giới thiệu": 7, "Hội chợ": 3}
NOTES = [
    "Giao sau 17:30. Thích gói giấy, không dùng túi ni lông.",
    "Mua trà biếu mẹ mỗi dịp Tết, nhớ hỏi hộp quà từ tháng 12.",
    "Đã gọi lại, khách hẹn đầu tháng sau đặt tiếp.",
    "Khách hỏi giá sỉ cho 20 hộp.",
    "Prefers English. Asked for a receipt with the company's name.",
    "Dị ứng đậu phộng: không tặng kèm bánh.",
    "Khách khen trà sen, chê ấm hơi nhỏ.",
    "Địa chỉ cũ không còn dùng, giao về văn phòng.",
]
REASONS = ["Khách đổi ý", "Hết hàng", "Đặt nhầm", "Không liên lạc được"]
RETURN_REASONS = ["Hộp bị móp", "Nắp không khít", "Giao nhầm loại", "Không hợp khẩu vị"]
