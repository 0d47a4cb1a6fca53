from django.urls import path

from scheduler_ui.views import deliveries

urlpatterns = [
    path("deliveries/<str:public_id>/now/", deliveries.publish_now, name="delivery_now"),
    path("deliveries/<str:public_id>/anyway/", deliveries.anyway, name="delivery_anyway"),
    path("deliveries/<str:public_id>/retry/", deliveries.retry, name="delivery_retry"),
    path("deliveries/<str:public_id>/cancel/", deliveries.cancel, name="delivery_cancel"),
    path("deliveries/<str:public_id>/drop/", deliveries.cancel, name="delivery_drop"),
    path("deliveries/<str:public_id>/reschedule/", deliveries.reschedule, name="delivery_reschedule"),
    path("deliveries/<str:public_id>/there/", deliveries.there, name="delivery_there"),
    path("deliveries/<str:public_id>/recent/", deliveries.recent, name="delivery_recent"),
    path("deliveries/<str:public_id>/absent/", deliveries.absent, name="delivery_absent"),
]
