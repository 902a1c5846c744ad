"""What an error says to the user in other languages than English.

Source: answers recorded in public (bug threads of 2024-12 to 2025-12, in Spanish, Thai and
Kannada): `error_user_title` and `error_user_msg` follow the locale of the account, everything else
stays as it is, so no program may read them. The wording is ours. Where a language has no text for
an error, English is answered.
"""

from __future__ import annotations

_Texts = dict[tuple[int, int | None], tuple[str, str]]

_SPANISH: _Texts = {
    (-2, 2207003): ("La descarga tardó demasiado", "El archivo multimedia tarda en descargarse."),
    (-2, 2207020): ("El contenido caducó", "El archivo multimedia ya no está disponible."),
    (-1, 2207001): ("Error del servidor", "Se produjo un error en Instagram."),
    (-1, 2207032): ("No se pudo crear", "No se pudo crear el contenido multimedia."),
    (-1, 2207053): ("Error al subir", "Se produjo un error desconocido al subir el video."),
    (-1, 2207073): ("No se puede eliminar", "Este tipo de contenido no se puede eliminar."),
    (1, 2207057): ("Miniatura no válida", "El momento elegido está fuera del video."),
    (4, 2207051): (
        "Acción bloqueada",
        "Restringimos ciertas acciones para proteger a la comunidad.",
    ),
    (9, 2207042): (
        "Límite de publicaciones",
        "La cuenta ya publicó todo lo permitido en 24 horas.",
    ),
    (18, 2207034): ("Límite de hashtags", "Se buscaron demasiados hashtags en 7 días."),
    (20, 1772107): ("Formato no admitido", "El comentario se creó."),
    (24, 2207006): ("No se encontró el contenido", "El contenido no existe o no tienes permiso."),
    (24, 2207008): ("No se encontró el contenedor", "El contenedor no existe o ya caducó."),
    (24, 2207024): ("No existe el hashtag", "Nadie ha usado este hashtag."),
    (25, 2207050): ("Cuenta restringida", "La cuenta está inactiva o restringida."),
    (100, 2207023): ("Tipo desconocido", "El tipo de contenido no se reconoce."),
    (100, 2207028): ("Carrusel no válido", "La cantidad de elementos del carrusel no es válida."),
    (100, 2207035): ("Etiqueta de producto", "En un video las etiquetas no llevan posición."),
    (100, 2207036): ("Etiqueta de producto", "En una foto las etiquetas necesitan x e y."),
    (100, 2207037): ("Etiquetas de productos", "Hay etiquetas no válidas o demasiadas."),
    (100, 2207040): ("Demasiadas etiquetas", "Se puede etiquetar a 20 personas como máximo."),
    (110, 2207018): ("No se puede etiquetar", "No se puede etiquetar a un usuario indicado."),
    (352, 2207026): ("Formato de video", "El formato del video no es compatible."),
    (9004, 2207052): ("No se pudo descargar", "No se pudo obtener el archivo desde esta URI."),
    (9007, 2207027): ("No está listo", "El contenido aún no está listo. Espera un momento."),
    (36000, 2207004): ("Imagen demasiado grande", "La imagen puede pesar 8 MiB como máximo."),
    (36001, 2207005): ("Formato de imagen", "La imagen debe ser un JPEG completo."),
    (36003, 2207009): ("Relación de aspecto", "La relación debe estar entre 4:5 y 1.91:1."),
    (36004, 2207010): ("Texto demasiado largo", "El texto admite 2.200 caracteres y 30 hashtags."),
}

_THAI: _Texts = {
    (-2, 2207003): ("ดาวน์โหลดนานเกินไป", "ใช้เวลาดาวน์โหลดสื่อนานเกินไป"),
    (4, 2207051): ("การกระทำถูกบล็อก", "เราจำกัดการกระทำบางอย่างเพื่อปกป้องชุมชน"),
    (9, 2207042): ("ถึงขีดจำกัดการโพสต์", "บัญชีนี้โพสต์ครบจำนวนใน 24 ชั่วโมงแล้ว"),
    (24, 2207008): ("ไม่พบคอนเทนเนอร์", "ไม่พบคอนเทนเนอร์หรือหมดอายุแล้ว"),
    (100, 2207028): ("จำนวนรายการไม่ถูกต้อง", "จำนวนรายการในอัลบั้มไม่ถูกต้อง"),
    (9004, 2207052): ("ดาวน์โหลดสื่อไม่สำเร็จ", "ไม่สามารถดึงสื่อจาก URI นี้ได้"),
    (9007, 2207027): ("สื่อยังไม่พร้อม", "สื่อยังไม่พร้อมเผยแพร่ โปรดรอสักครู่"),
    (36000, 2207004): ("รูปภาพใหญ่เกินไป", "รูปภาพต้องมีขนาดไม่เกิน 8 MiB"),
    (36001, 2207005): ("ไม่รองรับรูปแบบรูปภาพ", "รูปภาพต้องเป็น JPEG ที่สมบูรณ์"),
    (36003, 2207009): ("ไม่รองรับอัตราส่วนภาพ", "อัตราส่วนต้องอยู่ระหว่าง 4:5 ถึง 1.91:1"),
    (36004, 2207010): ("คำบรรยายยาวเกินไป", "คำบรรยายมีได้ไม่เกิน 2,200 ตัวอักษรและ 30 แฮชแท็ก"),
}

_KANNADA: _Texts = {
    (-2, 2207003): ("ಡೌನ್‌ಲೋಡ್ ಸಮಯ ಮೀರಿದೆ", "ಮಾಧ್ಯಮವನ್ನು ಡೌನ್‌ಲೋಡ್ ಮಾಡಲು ಹೆಚ್ಚು ಸಮಯ ಬೇಕಾಗಿದೆ."),
    (4, 2207051): ("ಕ್ರಿಯೆಯನ್ನು ನಿರ್ಬಂಧಿಸಲಾಗಿದೆ", "ಸಮುದಾಯದ ರಕ್ಷಣೆಗಾಗಿ ಕೆಲವು ಕ್ರಿಯೆಗಳನ್ನು ನಿರ್ಬಂಧಿಸುತ್ತೇವೆ."),
    (9, 2207042): ("ಪ್ರಕಟಣೆಯ ಮಿತಿ ತಲುಪಿದೆ", "24 ಗಂಟೆಗಳ ಪ್ರಕಟಣೆಯ ಮಿತಿ ಮುಗಿದಿದೆ."),
    (24, 2207008): ("ಕಂಟೇನರ್ ಸಿಗಲಿಲ್ಲ", "ಕಂಟೇನರ್ ಇಲ್ಲ ಅಥವಾ ಅದರ ಅವಧಿ ಮುಗಿದಿದೆ."),
    (100, 2207028): ("ಐಟಂಗಳ ಸಂಖ್ಯೆ ತಪ್ಪಾಗಿದೆ", "ಕ್ಯಾರೊಸೆಲ್‌ನಲ್ಲಿ ಐಟಂಗಳ ಸಂಖ್ಯೆ ತಪ್ಪಾಗಿದೆ."),
    (9004, 2207052): ("ಮಾಧ್ಯಮ ಡೌನ್‌ಲೋಡ್ ವಿಫಲವಾಗಿದೆ", "ಈ URI ಯಿಂದ ಮಾಧ್ಯಮವನ್ನು ಪಡೆಯಲು ಆಗಲಿಲ್ಲ."),
    (9007, 2207027): ("ಮಾಧ್ಯಮ ಸಿದ್ಧವಾಗಿಲ್ಲ", "ಮಾಧ್ಯಮ ಇನ್ನೂ ಸಿದ್ಧವಾಗಿಲ್ಲ, ಸ್ವಲ್ಪ ಕಾಯಿರಿ."),
    (36000, 2207004): ("ಚಿತ್ರ ತುಂಬಾ ದೊಡ್ಡದು", "ಚಿತ್ರವು 8 MiB ಮೀರಬಾರದು."),
    (36001, 2207005): ("ಚಿತ್ರದ ಸ್ವರೂಪ ಬೆಂಬಲಿತವಲ್ಲ", "ಚಿತ್ರವು ಸಂಪೂರ್ಣ JPEG ಆಗಿರಬೇಕು."),
    (36003, 2207009): ("ಆಕಾರ ಅನುಪಾತ ಬೆಂಬಲಿತವಲ್ಲ", "ಅನುಪಾತವು 4:5 ಮತ್ತು 1.91:1 ನಡುವೆ ಇರಬೇಕು."),
    (36004, 2207010): ("ಶೀರ್ಷಿಕೆ ತುಂಬಾ ಉದ್ದವಾಗಿದೆ", "ಶೀರ್ಷಿಕೆಯಲ್ಲಿ 2,200 ಅಕ್ಷರ ಮತ್ತು 30 ಹ್ಯಾಶ್‌ಟ್ಯಾಗ್ ಮಾತ್ರ."),
}

_LANGUAGES = {"es": _SPANISH, "th": _THAI, "kn": _KANNADA}


def translated(code: int, subcode: int | None, locale: str) -> tuple[str, str] | None:
    """Title and message, or None when there is nothing but English."""
    return _LANGUAGES.get(locale, {}).get((code, subcode))
