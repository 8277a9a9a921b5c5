"""Fetches numbered pages as a good Python script does: httpx, HTTP/2, a semaphore.

    python3 httpx_client.py URL_WITH_{} PAGES CONCURRENCY CA_FILE FOLDER

Each page is written to FOLDER/<n>.json. It checks nothing but the status and retries nothing.
"""

import asyncio
import ssl
import sys
from pathlib import Path

import httpx


async def main(template: str, pages: int, concurrency: int, ca_file: str, folder: Path) -> None:
    semaphore = asyncio.Semaphore(concurrency)
    context = ssl.create_default_context(cafile=ca_file)
    async with httpx.AsyncClient(
        http2=True, verify=context, trust_env=False, timeout=60
    ) as client:

        async def fetch(page: int) -> None:
            async with semaphore:
                response = await client.get(template.replace("{}", str(page)))
                response.raise_for_status()
                if response.http_version != "HTTP/2":
                    raise RuntimeError(f"not HTTP/2 but {response.http_version}")
                (folder / f"{page}.json").write_bytes(response.content)

        await asyncio.gather(*(fetch(page) for page in range(1, pages + 1)))


if __name__ == "__main__":
    url, count, limit, ca, out = sys.argv[1:]
    asyncio.run(main(url, int(count), int(limit), ca, Path(out)))
