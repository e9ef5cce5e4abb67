"""What the shop sells: a list to search, and a page for each product."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from crm import keyset
from crm.roles import may
from orders.entry import products_like
from orders.forms import ProductForm
from orders.models import Category, Product

SIZE = 50
BY_NAME = keyset.Sort("search_name")


@may("see_orders")
@require_safe
def products(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").replace("\0", "").strip()
    found = products_like(text) if text else Product.objects.all()
    page = keyset.page(
        found.select_related("category"),
        BY_NAME,
        size=SIZE,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    return render(request, "orders/products.html", {"page": page, "total": found.count(), "text": text})


@may("change_orders")
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    return edit_form(request, None)


@may("change_orders")
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return edit_form(request, get_object_or_404(Product, public_id=public_id))


def edit_form(request: HttpRequest, product: Product | None) -> HttpResponse:
    initial = {} if product else {"name": request.GET.get("name", "")}
    form = ProductForm(request.POST or None, instance=product, initial=initial)
    if form.is_valid():
        saved = form.save()
        messages.success(request, _("%(product)s is saved.") % {"product": saved})
        return redirect("orders:products")
    context = {"form": form, "product": product, "categories": Category.objects.order_by("name")[:500]}
    return render(request, "orders/product.html", context, status=422 if form.errors else 200)
