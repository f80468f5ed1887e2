import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { canInstall, install, installCommand, isDebian } from "./apt.js";

const programs = ["ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "ceph", "monmaptool"];
const debianPackages = ["radosgw", "ceph-mon", "ceph-osd"];

/** Makes sure that Ceph's programs are on the PATH: found, or installed where that is possible without asking. */
export function ensureCeph() {
  if (missing().length === 0) return;
  if (canInstall()) {
    console.log("Installing Ceph, the S3 that the tests use (apt-get) …");
    install(...debianPackages);
    if (missing().length === 0) return;
    throw new Error(
      `Ceph could not be installed (no ${missing().join(", ")}). To see why, run ${installCommand(...debianPackages)}`,
    );
  }
  const how = isDebian()
    ? `Install it: ${installCommand(...debianPackages)}`
    : "Install its packages radosgw, ceph-mon and ceph-osd";
  throw new Error(
    `The tests need an S3, and Ceph is not installed (no ${missing().join(", ")}). ${how}\n` +
      "Or set S3_ENDPOINT, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY to an S3 of your own.",
  );
}

function missing() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return programs.filter((name) => !folders.some((folder) => existsSync(join(folder, name))));
}
