from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

MEGABYTE = 1_000_000


class Capped(FileUploadHandler):
    """Drops a form's file as soon as it is larger than any may be; `request.dropped_files` names what was dropped."""

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        self.seen = 0

    def receive_data_chunk(self, raw_data, start):
        self.seen += len(raw_data)
        if self.seen > max(settings.MAX_IMAGE_MB, settings.MAX_VIDEO_MB) * MEGABYTE:
            self.request.dropped_files = [*getattr(self.request, "dropped_files", []), self.file_name]
            raise SkipFile
        return raw_data

    def file_complete(self, file_size):
        return None
