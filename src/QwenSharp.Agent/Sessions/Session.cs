using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.AI;

namespace QwenSharp.Agent.Sessions;

/// <summary>
/// A conversation of an agent that outlives the program. Each message is a line of the transcript, written before it is acted upon and
/// never changed, so that the end of the program at any moment leaves the transcript whole; a line that was cut is dropped.
/// </summary>
public sealed class Session : IDisposable
{
    private const string TranscriptName = "transcript.jsonl";

    // People search the transcript, and so does the model.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly List<ChatMessage> _messages = [];
    private readonly TimeProvider _time;
    private FileStream? _file;

    private Session(string directory, TimeProvider time)
    {
        Directory = Path.GetFullPath(directory);
        _time = time;
    }

    /// <summary>Its name, which is that of its directory.</summary>
    public string Id => Path.GetFileName(Directory);

    /// <summary>Where it is kept. It is made with the first message.</summary>
    public string Directory { get; }

    /// <summary>The transcript, a JSON object a line.</summary>
    public string TranscriptPath => Path.Combine(Directory, TranscriptName);

    /// <summary>The conversation as the model sees it: all messages since the last compaction.</summary>
    public IReadOnlyList<ChatMessage> Messages => _messages;

    private static JsonTypeInfo<ChatMessage> Type { get; } =
        (JsonTypeInfo<ChatMessage>)new JsonSerializerOptions(AIJsonUtilities.DefaultOptions) { WriteIndented = false }
            .GetTypeInfo(typeof(ChatMessage));

    /// <summary>A new session.</summary>
    /// <param name="directory">Where it is to be kept.</param>
    /// <param name="time">The clock.</param>
    public static Session Begin(string directory, TimeProvider time) => new(directory, time);

    /// <summary>Goes on with a session.</summary>
    /// <param name="directory">Where it is kept.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="InvalidDataException">A line of the transcript is not one of a session; the message says which.</exception>
    /// <exception cref="IOException">There is none, or another program goes on with it.</exception>
    public static Session Resume(string directory, TimeProvider time)
    {
        Session session = new(directory, time);
        session.Open(FileMode.Open);
        try
        {
            session.Read();
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Whether a directory is that of a session.</summary>
    public static bool IsAt(string directory) => File.Exists(Path.Combine(directory, TranscriptName));

    /// <summary>Closes the transcript.</summary>
    public void Dispose() => _file?.Dispose();

    internal void Append(ChatMessage message)
    {
        Write("message", json => JsonSerializer.Serialize(json, message, Type));
        _messages.Add(message);
    }

    internal void Replace(IReadOnlyList<ChatMessage> messages)
    {
        Write("compaction", json =>
        {
            json.WriteStartArray();
            foreach (ChatMessage message in messages)
                JsonSerializer.Serialize(json, message, Type);

            json.WriteEndArray();
        });
        _messages.Clear();
        _messages.AddRange(messages);
    }

    // One write a line, so that no line is there in part unless the system itself cut it.
    private void Write(string kind, Action<Utf8JsonWriter> value)
    {
        using MemoryStream line = new();
        using (Utf8JsonWriter json = new(line, Readable))
        {
            json.WriteStartObject();
            json.WriteString("at", _time.GetUtcNow());
            json.WritePropertyName(kind);
            value(json);
            json.WriteEndObject();
        }

        line.WriteByte((byte)'\n');
        if (_file is null)
            Open(FileMode.CreateNew);

        _file!.Write(line.GetBuffer(), 0, (int)line.Length);
        _file.Flush();
    }

    private void Open(FileMode mode)
    {
        if (mode == FileMode.CreateNew)
            MakeDirectory();

        FileStreamOptions options = new() { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.Read, BufferSize = 0 };

        // What somebody asked a model, and what is in their files, is nobody else's business.
        if (!OperatingSystem.IsWindows() && mode == FileMode.CreateNew)
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

        _file = new FileStream(TranscriptPath, options);
    }

    private void MakeDirectory()
    {
        if (OperatingSystem.IsWindows())
            System.IO.Directory.CreateDirectory(Directory);
        else
            System.IO.Directory.CreateDirectory(Directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private void Read()
    {
        byte[] bytes = new byte[_file!.Length];
        _file.ReadExactly(bytes);
        int whole = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;
        _file.SetLength(whole);
        _file.Position = whole;
        int number = 0;
        foreach (string line in Encoding.UTF8.GetString(bytes, 0, whole).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            number++;
            try
            {
                Read(JsonElement.Parse(line));
            }
            catch (Exception wrong) when (wrong is JsonException or InvalidOperationException or ArgumentException)
            {
                throw new InvalidDataException($"Line {number} of {TranscriptPath} is not one of a session: {wrong.Message}", wrong);
            }
        }
    }

    private void Read(JsonElement line)
    {
        if (line.TryGetProperty("message", out JsonElement message))
        {
            _messages.Add(Message(message));
        }
        else if (line.TryGetProperty("compaction", out JsonElement messages))
        {
            _messages.Clear();
            _messages.AddRange(messages.EnumerateArray().Select(Message));
        }
        else
        {
            throw new JsonException("it has neither a message nor a compaction");
        }
    }

    private static ChatMessage Message(JsonElement json)
    {
        ChatMessage message = json.Deserialize(Type) ?? throw new JsonException("there is no message");

        // What may be of any type comes back as the JSON that it was written as.
        foreach (AIContent content in message.Contents)
        {
            if (content is FunctionResultContent result)
                result.Result = result.Result is JsonElement { ValueKind: JsonValueKind.Array } parts ? Parts(parts) : Plain(result.Result);

            foreach (string key in content.AdditionalProperties?.Keys.ToArray() ?? [])
                content.AdditionalProperties![key] = Plain(content.AdditionalProperties[key]);
        }

        return message;
    }

    private static object? Plain(object? value) => value switch
    {
        JsonElement { ValueKind: JsonValueKind.String } text => text.GetString(),
        JsonElement { ValueKind: JsonValueKind.True } => true,
        JsonElement { ValueKind: JsonValueKind.False } => false,
        _ => value,
    };

    private static object Parts(JsonElement parts) =>
        parts.Deserialize((JsonTypeInfo<IList<AIContent>>)Type.Options.GetTypeInfo(typeof(IList<AIContent>))) is { } contents
            ? contents.ToArray()
            : parts;
}
