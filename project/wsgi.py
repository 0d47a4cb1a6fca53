from django.core.wsgi import get_wsgi_application

from project.start import start

start()
application = get_wsgi_application()
