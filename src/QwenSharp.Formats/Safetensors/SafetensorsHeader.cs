using System.Buffers.Binary;
using System.Text.Json;
using QwenSharp.Faults;

namespace QwenSharp.Formats;

/// <summary>
/// Where a tensor lies: <paramref name="Offset"/> counts from the start of the file, <paramref name="Shape"/> ends with the contiguous
/// dimension.
/// </summary>
internal sealed record SafetensorsEntry(string Name, SafetensorsType Type, long[] Shape, long Offset, long ByteLength);

/// <summary>
/// Everything in a safetensors file but the tensors' data, read and checked: the tensors fill the file behind the header, without gaps or
/// overlaps.
/// Layout (https://github.com/huggingface/safetensors#format): the header's length as 64 bits, the header as JSON, the data.
/// </summary>
internal sealed record SafetensorsHeader(IReadOnlyDictionary<string, string> Metadata, IReadOnlyList<SafetensorsEntry> Tensors)
{
    /// <summary>The reference implementation's bound.</summary>
    public const int MaxHeaderLength = 100_000_000;

    public const string MetadataKey = "__metadata__";
    private const int LengthBytes = sizeof(ulong);
    private const int MaxDimensions = 16;

    /// <summary>Reads the header from the first bytes of a file.</summary>
    /// <param name="filePath">Named in faults.</param>
    /// <param name="bytes">The whole file, or as much of it as a header may take.</param>
    /// <param name="fileLength">The size of the whole file in bytes.</param>
    /// <exception cref="SafetensorsException">The file is not a valid safetensors file.</exception>
    public static SafetensorsHeader Read(string filePath, ReadOnlySpan<byte> bytes, long fileLength)
    {
        if (bytes.StartsWith("version https://git-lfs"u8))
            throw new SafetensorsException(filePath, "this is a Git LFS pointer, not the model itself; fetch it with 'git lfs pull'");
        if (bytes.Length < LengthBytes)
            throw new SafetensorsException(filePath, $"a safetensors file has at least {LengthBytes} bytes; this one has {fileLength}");

        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        if (length > MaxHeaderLength)
        {
            throw new SafetensorsException(
                filePath,
                $"its header would take {length} bytes; {MaxHeaderLength} are allowed (is this a safetensors file?)");
        }

        if (length > (ulong)(fileLength - LengthBytes))
        {
            throw new SafetensorsException(
                filePath,
                $"its header of {length} bytes runs past the end of the file ({fileLength} bytes); the file is truncated or damaged");
        }

        ReadOnlySpan<byte> json = bytes.Slice(LengthBytes, (int)length);
        if (!json.StartsWith("{"u8))
            throw new SafetensorsException(filePath, "its header does not begin with '{'");

        try
        {
            return new SafetensorsHeaderReader(filePath, LengthBytes + (long)length, fileLength).Read(json);
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException or FormatException)
        {
            // The reader's own words for malformed JSON, invalid UTF-8, and tokens of another kind than expected.
            throw new SafetensorsException(filePath, $"its header is not the JSON of a safetensors file: {JsonProblem.Of(wrong)}");
        }
    }

    /// <summary>Reads the header's JSON token by token: nothing is allocated that the file's own size does not justify.</summary>
    private sealed class SafetensorsHeaderReader(string filePath, long dataStart, long fileLength)
    {
        private readonly Dictionary<string, string> _metadata = [];
        private readonly List<SafetensorsEntry> _tensors = [];
        private readonly HashSet<string> _names = [];

        public SafetensorsHeader Read(ReadOnlySpan<byte> json)
        {
            // A tensor's shape is the deepest thing there is.
            Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = 4 });
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = reader.GetString()!;
                if (!_names.Add(name))
                    throw Fault($"the name '{Shown(name)}' appears twice");

                reader.Read();
                if (name == MetadataKey)
                    ReadMetadata(ref reader);
                else
                    ReadTensor(ref reader, name);
            }

            // Behind the closing brace only padding may follow; anything else fails here.
            reader.Read();
            CheckLayout();
            return new SafetensorsHeader(_metadata, _tensors);
        }

        private void ReadMetadata(ref Utf8JsonReader reader)
        {
            Expect(ref reader, JsonTokenType.StartObject, MetadataKey);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string key = reader.GetString()!;
                reader.Read();
                Expect(ref reader, JsonTokenType.String, $"{MetadataKey}['{Shown(key)}']");
                if (!_metadata.TryAdd(key, reader.GetString()!))
                    throw Fault($"{MetadataKey} has '{Shown(key)}' twice");
            }
        }

        private void ReadTensor(ref Utf8JsonReader reader, string name)
        {
            string subject = $"tensor '{Shown(name)}'";
            Expect(ref reader, JsonTokenType.StartObject, subject);
            string? typeName = null;
            List<long>? shape = null, offsets = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string key = reader.GetString()!;
                reader.Read();
                bool isNew = key switch
                {
                    "dtype" => typeName is null,
                    "shape" => shape is null,
                    "data_offsets" => offsets is null,
                    _ => throw Fault($"{subject} has the unknown property '{Shown(key)}'"),
                };
                if (!isNew)
                    throw Fault($"{subject} has '{key}' twice");

                if (key == "dtype")
                    typeName = reader.GetString();
                else if (key == "shape")
                    shape = ReadNumbers(ref reader, MaxDimensions, $"the shape of {subject}");
                else
                    offsets = ReadNumbers(ref reader, 2, $"data_offsets of {subject}");
            }

            if (typeName is null || shape is null || offsets is not { Count: 2 })
                throw Fault($"{subject} needs 'dtype', 'shape' and two 'data_offsets'");
            if (!SafetensorsTypes.TryParse(typeName, out SafetensorsType type))
                throw Fault($"{subject} has the type '{Shown(typeName)}', which this build cannot read");

            _tensors.Add(Place(subject, name, type, shape, offsets[0], offsets[1]));
        }

        private SafetensorsEntry Place(string subject, string name, SafetensorsType type, List<long> shape, long begin, long end)
        {
            long elements = 1;
            foreach (long dimension in shape)
            {
                if (dimension != 0 && elements > long.MaxValue / 8 / dimension)
                    throw Fault($"the product of the dimensions of {subject} overflows");

                elements *= dimension;
            }

            long bytes = elements * type.Bytes();
            if (end < begin || end - begin != bytes)
                throw Fault($"{subject}, {type} [{string.Join(", ", shape)}], needs {bytes} bytes; its data_offsets are [{begin}, {end}]");
            if (end > fileLength - dataStart)
            {
                throw Fault(
                    $"{subject} ends at byte {end} of the data, which has {fileLength - dataStart}; the file is truncated or damaged");
            }

            return new SafetensorsEntry(name, type, [.. shape], dataStart + begin, bytes);
        }

        /// <summary>The data is exactly the tensors, one after another.</summary>
        private void CheckLayout()
        {
            List<SafetensorsEntry> ordered = [.. _tensors];

            // Empty tensors come before what begins at the same byte.
            ordered.Sort((left, right) => (left.Offset, left.ByteLength).CompareTo((right.Offset, right.ByteLength)));
            long at = dataStart;
            foreach (SafetensorsEntry tensor in ordered)
            {
                if (tensor.Offset < at)
                    throw Fault($"tensor '{Shown(tensor.Name)}' overlaps another");
                if (tensor.Offset > at)
                    throw Fault($"{tensor.Offset - at} bytes before tensor '{Shown(tensor.Name)}' belong to none");

                at = tensor.Offset + tensor.ByteLength;
            }

            if (at != fileLength)
                throw Fault($"{fileLength - at} bytes follow the last tensor; the file is damaged, or two were joined");
        }

        private List<long> ReadNumbers(ref Utf8JsonReader reader, int limit, string subject)
        {
            Expect(ref reader, JsonTokenType.StartArray, subject);
            List<long> numbers = [];
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                Expect(ref reader, JsonTokenType.Number, $"an element of {subject}");
                if (!reader.TryGetInt64(out long number) || number < 0)
                    throw Fault($"an element of {subject} is no whole number from 0 to {long.MaxValue}");
                if (numbers.Count == limit)
                    throw Fault($"{subject} has more than {limit} elements");

                numbers.Add(number);
            }

            return numbers;
        }

        private void Expect(ref Utf8JsonReader reader, JsonTokenType type, string subject)
        {
            if (reader.TokenType != type)
                throw Fault($"{subject} is {reader.TokenType} where {type} belongs");
        }

        private SafetensorsException Fault(string problem) => new(filePath, problem);

        /// <summary>A name from the file as an error may show it: short, and without control characters.</summary>
        private static string Shown(string name)
        {
            string text = name.Length > 80 ? name[..80] + "…" : name;
            return text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? '\uFFFD' : c)) : text;
        }
    }
}
