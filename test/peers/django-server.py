"""Django REST Framework with each of its paginations, over SQLite in the working folder."""
import json
import os
import sys
import threading
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from socketserver import ThreadingMixIn

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="of a test",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="__main__",
    USE_TZ=True,
    INSTALLED_APPS=["rest_framework"],
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.abspath("items.db")}
    },
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_PERMISSION_CLASSES": [],
        "UNAUTHENTICATED_USER": None,
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    },
)
django.setup()

from django.core.wsgi import get_wsgi_application
from django.db import connection, models
from django.urls import include, path
from rest_framework import pagination, routers, serializers, viewsets


class Item(models.Model):
    title = models.CharField(max_length=100)
    cents = models.IntegerField()
    parent = models.CharField(max_length=100, null=True)

    class Meta:
        app_label = "items"
        ordering = ["id"]


class ItemSerializer(serializers.ModelSerializer):
    class Meta:
        model = Item
        fields = ["id", "title", "cents", "parent"]


class Numbered(pagination.PageNumberPagination):
    page_size = 15


class Sized(pagination.PageNumberPagination):
    page_size = 30
    page_size_query_param = "page_size"
    max_page_size = 100


class ByOffset(pagination.LimitOffsetPagination):
    default_limit = 12


class ByCursor(pagination.CursorPagination):
    page_size = 20
    ordering = "id"


router = routers.DefaultRouter()
ways = {"numbered": Numbered, "sized": Sized, "offset": ByOffset, "cursor": ByCursor, "whole": None}
for name, way in ways.items():
    view = type(
        name,
        (viewsets.ReadOnlyModelViewSet,),
        {"queryset": Item.objects.all(), "serializer_class": ItemSerializer, "pagination_class": way},
    )
    router.register(name, view, basename=name)
urlpatterns = [path("api/", include(router.urls))]

with connection.schema_editor() as editor:
    editor.create_model(Item)
Item.objects.bulk_create(Item(**fields) for fields in json.load(open(sys.argv[1])))


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


server = make_server("127.0.0.1", 0, get_wsgi_application(), Server, Quiet)
print(server.server_port, flush=True)
# It ends with the pipe of whoever started it.
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
server.serve_forever()
