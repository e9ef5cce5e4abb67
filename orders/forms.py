"""The form of a product."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.templatetags import regulars
from orders import money
from orders.models import Category, Product


class ProductForm(forms.ModelForm):
    price = forms.CharField(label=_("Price"), max_length=30, help_text=_("In the shop's currency, tax included."))
    category_name = forms.CharField(
        label=_("Category"), max_length=120, required=False, help_text=_("A new name makes a new category.")
    )
    field_order = ("name", "sku", "price", "category_name")

    class Meta:
        model = Product
        fields = ("name", "sku", "price")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = True
        self.fields["category_name"].widget.attrs["list"] = "categories"
        self.fields["price"].widget.attrs["inputmode"] = "decimal"
        if self.instance.pk:
            self.initial["category_name"] = self.instance.category or ""
            self.initial["price"] = regulars.count(self.instance.price)

    def clean_price(self) -> Decimal:
        try:
            price = money.parse(self.cleaned_data["price"])
        except ValueError as error:
            raise forms.ValidationError(_("This is no price. Write it like 450.000.")) from error
        if price < 0:
            raise forms.ValidationError(_("A price is not below 0."))
        return price

    def save(self, commit: bool = True) -> Product:
        name = self.cleaned_data["category_name"].strip()
        self.instance.category = Category.objects.get_or_create(name=name)[0] if name else None
        return super().save(commit)
