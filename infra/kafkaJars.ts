import { execFile, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const infraDir = dirname(fileURLToPath(import.meta.url));
const pomFile = join(infraDir, "pom.xml");
const cacheDir = join(infraDir, "..", "build", "kafka");
const lowestJava = 17;

/** The `java` command: that of JAVA_HOME where it is set, else the one on the path. */
export function javaCommand(): string {
  const home = process.env.JAVA_HOME;
  return home === undefined || home === "" ? "java" : join(home, "bin", "java");
}

/** Why no broker can run on this machine, as a sentence; undefined when one can. */
export function brokerUnavailableReason(): string | undefined {
  const java = spawnSync(javaCommand(), ["-version"], { encoding: "utf8" });
  if (java.error !== undefined || java.status !== 0) {
    return `Kafka needs Java ${lowestJava} or newer, and there is no java on the path.`;
  }
  const version = /version "(\d+)/.exec(java.stderr)?.[1];
  if (version === undefined || Number(version) < lowestJava) {
    return `Kafka needs Java ${lowestJava} or newer, and the java on the path is ${version ?? "of unknown version"}.`;
  }
  if (existsSync(join(cacheDir, kafkaVersion()))) return undefined;
  const maven = spawnSync("mvn", ["-version"], { encoding: "utf8" });
  if (maven.error !== undefined || maven.status !== 0) {
    return "Kafka's jars are fetched by Maven, and there is no mvn on the path.";
  }
  return undefined;
}

/**
 * The folder with the jars of the Kafka version that pom.xml names, fetched by Maven when they are not there yet.
 * @throws Error with Maven's own words when it cannot get them
 */
export async function kafkaJars(log: (line: string) => void = () => {}): Promise<string> {
  const version = kafkaVersion();
  const jars = join(cacheDir, version);
  if (existsSync(jars)) return jars;

  log(`fetching the jars of Kafka ${version} with mvn, once`);
  await mkdir(cacheDir, { recursive: true });
  // Into place by one rename: a folder of that name is complete, also when several test files start at once.
  const unfinished = join(cacheDir, `unfinished-${process.pid}`);
  const copy = ["-q", "-B", "-f", pomFile, "dependency:copy-dependencies", "-DincludeScope=runtime"];
  try {
    await promisify(execFile)("mvn", [...copy, `-DoutputDirectory=${unfinished}`]);
    await rename(unfinished, jars);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (existsSync(jars)) return jars;
    const { stdout = "", message } = error as Error & { stdout?: string };
    throw new Error(`mvn could not fetch the jars of Kafka ${version}: ${stdout.trim() || message}`, { cause: error });
  }
  return jars;
}

function kafkaVersion(): string {
  const version = /<kafka\.version>(.+)<\/kafka\.version>/.exec(readFileSync(pomFile, "utf8"))?.[1];
  if (version === undefined) throw new Error(`${pomFile} does not say which kafka.version is wanted`);
  return version;
}
