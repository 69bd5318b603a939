import { readFileSync } from "node:fs";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type DescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from "@grpc/proto-loader";
import { protoPath as healthProtoPath } from "grpc-health-check";

const DESCRIPTORS = new URL("../../generated/descriptors.binpb", import.meta.url);

/**
 * What the gateway tells a client that asks which services there are: its own files as buf compiled them, and health.
 *
 * @grpc/reflection takes nothing but the files out of a package definition. They do not go through proto-loader, whose
 * protobufjs names the entry type of a map otherwise than protoc; clients such as grpcurl refuse a file with such a map.
 *
 * @throws Error when the descriptors have not been generated
 */
export function reflectedPackage(): PackageDefinition {
  return { plimsoll: filesOnly(ownFiles()), health: filesOnly(healthFiles()) };
}

function ownFiles(): Buffer[] {
  let descriptors: Buffer;
  try {
    descriptors = readFileSync(DESCRIPTORS);
  } catch (cause) {
    throw new Error("generated/descriptors.binpb is missing: run `npm run generate`", { cause });
  }
  const { file } = fromBinary(FileDescriptorSetSchema, descriptors);
  return file.map((descriptor) => Buffer.from(toBinary(FileDescriptorProtoSchema, descriptor)));
}

function healthFiles(): Buffer[] {
  const loaded = Object.values(loadSync(healthProtoPath)).find((definition) => "fileDescriptorProtos" in definition);
  return ((loaded as MessageTypeDefinition<object, object> | undefined)?.fileDescriptorProtos ?? []).map((bytes) => {
    const descriptor = fromBinary(FileDescriptorProtoSchema, bytes);
    for (const message of descriptor.messageType) {
      nameMapEntries(message);
    }
    return Buffer.from(toBinary(FileDescriptorProtoSchema, descriptor));
  });
}

/** Gives each map's entry type the name that protoc gives it: `StatusesEntry` for the field `statuses`. */
function nameMapEntries(message: DescriptorProto): void {
  for (const entry of message.nestedType) {
    const field = message.field.find((candidate) => candidate.typeName === entry.name);
    if (entry.options?.mapEntry === true && field !== undefined) {
      entry.name += "Entry";
      field.typeName = entry.name;
    }
  }
}

function filesOnly(fileDescriptorProtos: Buffer[]): MessageTypeDefinition<object, object> {
  const unused = () => {
    throw new Error("a definition for reflection encodes no messages");
  };
  return {
    format: "Protocol Buffer 3 DescriptorProto",
    type: {},
    fileDescriptorProtos,
    serialize: unused,
    deserialize: unused,
  };
}
