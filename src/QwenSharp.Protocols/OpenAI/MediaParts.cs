using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.OpenAI;

/// <summary>Parts of messages that are no text: <c>image_url</c>, <c>input_audio</c>, <c>file</c>, and others' of their kind.</summary>
internal static class MediaParts
{
    /// <summary>The part; null where no such type is known.</summary>
    /// <param name="fields">Its fields.</param>
    /// <param name="type">Its type.</param>
    public static AIContent? Read(RequestFields fields, string type) => type switch
    {
        "image_url" => ReadAddress(fields.Require(type), "image/*"),
        "video_url" => ReadAddress(fields.Require(type), "video/*"),
        "audio_url" => ReadAddress(fields.Require(type), "audio/*"),
        "input_audio" => ReadAudio(fields.Require(type).Fields()),
        "file" => ReadFile(fields.Require(type).Fields()),
        _ => null,
    };

    // Some write the address alone.
    private static AIContent ReadAddress(RequestValue value, string type)
    {
        if (value.IsString)
            return Medium.At(value, type);

        RequestFields members = value.Fields();
        AIContent medium = Medium.At(members.Require("url"), type).With(ContentKeys.Detail, members.Take("detail")?.String());
        members.RefuseRest();
        return medium;
    }

    private static DataContent ReadAudio(RequestFields audio)
    {
        DataContent medium = Medium.Of(
            audio.Require("data"), audio.Require("format").String() is var format && format == "mp3" ? "audio/mpeg" : $"audio/{format}");
        audio.RefuseRest();
        return medium;
    }

    private static AIContent ReadFile(RequestFields file)
    {
        string? name = file.Take("filename")?.String();
        AIContent medium = file.Take("file_id") is { } id
            ? new HostedFileContent(id.String()) { Name = name }
            : Medium.At(file.Require("file_data"), "application/pdf");
        if (medium is DataContent data)
            data.Name = name;

        file.RefuseRest();
        return medium;
    }
}
